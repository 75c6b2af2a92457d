import { GoldsmithError, toProblem } from '../../../errors';
import type { Artifact, ResourceRecord } from '../../../extension/artifact';
import type { PublishContext } from '../../../extension/platform';
import { asLocator } from '../api/access';
import type { Api } from '../api/api';
import { failed, isDuplicate } from '../api/errors';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { imagesOf } from './base';
import { imageOfName, untilAvailable } from './capture';
import { describe, finish } from './describe';
import { parameterOf, pointParameter } from './parameter';
import { removeImage } from './remove-image';
import { ownTags, specify } from './tags';

/** Gives the API of a region. */
export type Region = (name: string) => Promise<Api>;

/**
 * Distributes the image: copies to other regions, all at the same time, then in each what it is called and who may start from it. A copy
 * that is there already, from a run that died or failed, is not made again.
 */
export async function publish(
  regionOf: Region,
  artifact: Artifact,
  config: AmazonEbsConfig,
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
  const described = new Map<string, readonly string[]>();
  await all(
    Object.entries(imagesOf(current)).map(async ([region, id]) => {
      described.set(region, [id, ...(await describe(await regionOf(region), id, config, ctx))]);
    }),
  );
  const done = async (region: string): Promise<void> =>
    finish(await regionOf(region), described.get(region)!, config, ctx);
  // Its own region first: where this ends in between, no copy counts as finished whose original does not.
  await all([...described.keys()].filter((region) => region === home).map(done));
  await all([...described.keys()].filter((region) => region !== home).map(done));
  // When all is done: who reads a parameter starts from an image that is finished everywhere.
  const images = imagesOf(current);
  await all(
    Object.entries(images).map(async ([region, id]) => pointParameter(await regionOf(region), id, config, ctx)),
  );
  return { ...withParameter(current, config), description: descriptionOf(current) };
}

/** All are waited for; then what went wrong is said together. */
async function all(tasks: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(tasks);
  const wrong = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  if (wrong.length === 1) throw failed('CAPTURE_FAILED', 'the image could not be distributed', wrong[0]);
  if (wrong.length > 1) throw GoldsmithError.all(wrong.map(toProblem), 'CAPTURE_FAILED');
}

async function copy(
  api: Api,
  from: { readonly region: string; readonly image: string },
  artifact: Artifact,
  config: AmazonEbsConfig,
  ctx: PublishContext,
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
      return imageOfName(api, error, token, name);
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

function withParameter(artifact: Artifact, config: AmazonEbsConfig): Artifact {
  const { ssmParameter: _before, ...outputs } = artifact.outputs;
  const name = parameterOf(config)?.name;
  return { ...artifact, outputs: { ...outputs, ...(name !== undefined && { ssmParameter: name }) } };
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
