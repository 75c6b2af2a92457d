import { GoldsmithError, toProblem } from '../../../errors';
import type { Artifact, ResourceRecord } from '../../../extension/artifact';
import type { ResourceContext } from '../../../extension/context';
import type { PublishContext } from '../../../extension/platform';
import { asLocator } from '../api/access';
import type { Api } from '../api/api';
import { failed, isDuplicate } from '../api/errors';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { imagesOf } from './base';
import { nameTaken, untilAvailable } from './capture';
import { describe, type DescribeConfig } from './describe';
import { removeImage } from './remove-image';
import { byToken, ownTags, specify } from './tags';

/** What of a config says where an image goes, and what is said of it there. */
export type PublishConfig = DescribeConfig &
  Pick<
    AmazonEbsConfig,
    | 'amiRegions'
    | 'regionKmsKeyIds'
    | 'snapshotCopyDurationMinutes'
    | 'encryptBoot'
    | 'amiDescription'
    | 'awsPolling'
    | 'skipSaveBuildRegion'
    | 'skipAmiRunTags'
    | 'runTags'
  >;

/** Gives the API of a region. */
export type Region = (name: string) => Promise<Api>;

/**
 * Distributes the image: copies to other regions, all at the same time, then in each what it is called and who may start from it. A copy
 * that is there already, from a run that died or failed, is not made again.
 */
export async function publish(
  regionOf: Region,
  artifact: Artifact,
  config: PublishConfig,
  ctx: PublishContext,
): Promise<Artifact> {
  const home = String(artifact.outputs['region']);
  let current = artifact;
  let line: Promise<void> = Promise.resolve();
  // One after the other: what is recorded must hold all that is no longer the run's to clean up.
  const add = (region: string, resource: ResourceRecord): Promise<void> =>
    (line = line.then(() => record(region, resource)));
  const record = async (region: string, resource: ResourceRecord): Promise<void> => {
    const { images, ...outputs } = current.outputs;
    const all = { ...(images as Record<string, string>), [region]: resource.id! };
    current = { ...current, resources: [...current.resources, resource], outputs: { ...outputs, images: all } };
    await ctx.keep(resource);
    await ctx.recordSoFar(current);
  };
  const missing = [...new Set(config.amiRegions ?? [])].filter((name) => !(name in imagesOf(artifact)));
  const atHome = imagesOf(artifact)[home];
  await all(
    missing.map(async (region) => {
      if (atHome === undefined) throw goneAtHome(artifact, home);
      await add(region, await copy(await regionOf(region), { region: home, image: atHome }, artifact, config, ctx));
    }),
  );
  if (config.skipSaveBuildRegion === true && atHome !== undefined)
    current = await dropHome(regionOf, current, home, ctx);
  await all(
    Object.entries(imagesOf(current)).map(async ([region, id]) => describe(await regionOf(region), id, config, ctx)),
  );
  return { ...current, description: descriptionOf(current) };
}

/** All are waited for; then what went wrong is said together. */
async function all(tasks: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(tasks);
  const wrong = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  if (wrong.length === 1) throw failed('CAPTURE_FAILED', 'the image could not be distributed', wrong[0]);
  if (wrong.length > 1) throw GoldsmithError.all(wrong.map(toProblem), 'CAPTURE_FAILED');
}

/** Copies an image, under the name that the artifact has. */
export async function copy(
  api: Api,
  from: { readonly region: string; readonly image: string },
  artifact: Pick<Artifact, 'outputs'>,
  config: PublishConfig,
  ctx: ResourceContext,
): Promise<ResourceRecord> {
  const name = String(artifact.outputs['name']);
  const key = config.regionKmsKeyIds?.[api.region];
  const resource = await ctx.acquire('amazon-ebs:image', asLocator(api.place, { name }), async (token) => {
    const tags = ownTags(ctx, token, config.skipAmiRunTags === true ? {} : config.runTags);
    try {
      const { ImageId } = await api.call('ec2:CopyImage', {
        Name: name,
        SourceRegion: from.region,
        SourceImageId: from.image,
        ClientToken: token,
        ...(config.amiDescription !== undefined && { Description: config.amiDescription }),
        ...(config.encryptBoot === true && { Encrypted: true }),
        ...(key !== undefined && key !== '' && { KmsKeyId: key }),
        ...(config.snapshotCopyDurationMinutes !== undefined && {
          SnapshotCopyCompletionDurationMinutes: config.snapshotCopyDurationMinutes,
        }),
        TagSpecifications: specify(tags, 'image', 'snapshot'),
      });
      return ImageId!;
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      const { Images = [] } = await api.call('ec2:DescribeImages', { Owners: ['self'], Filters: [byToken(token)] });
      if (Images[0]) return Images[0].ImageId!;
      throw nameTaken(name, api.region);
    }
  });
  ctx.say(`copying ${from.image} to ${api.region}: ${resource.id!}`);
  await untilAvailable(api, resource.id!, config, ctx);
  return resource;
}

/** Only the copies are wanted. */
async function dropHome(regionOf: Region, artifact: Artifact, home: string, ctx: PublishContext): Promise<Artifact> {
  const { [home]: id, ...images } = imagesOf(artifact);
  const own = artifact.resources.find((resource) => resource.id === id);
  await removeImage(await regionOf(home), id, own?.token, true, ctx.signal);
  const [region, imageId] = Object.entries(images)[0]!;
  return {
    ...artifact,
    id: `${region}:${imageId}`,
    resources: artifact.resources.filter((resource) => resource !== own),
    outputs: { ...artifact.outputs, region, imageId, images },
  };
}

function descriptionOf({ outputs }: Artifact): string {
  const where = Object.entries(outputs['images'] as Record<string, string>).map(([region, id]) => `${id} in ${region}`);
  return `image ${String(outputs['name'])}: ${where.join(', ')}`;
}

function goneAtHome(artifact: Artifact, home: string): GoldsmithError {
  return new GoldsmithError(
    'CAPTURE_FAILED',
    `${artifact.id} is not kept in ${home}, so it cannot be copied from there`,
    {
      hint: 'build it anew with `--force`, or keep it there (`skipSaveBuildRegion`)',
    },
  );
}
