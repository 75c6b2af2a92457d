import { GoldsmithError, toProblem } from '../../../errors';
import type { Artifact, ResourceRecord } from '../../../extension/artifact';
import type { ResourceContext } from '../../../extension/context';
import type { PublishContext } from '../../../extension/platform';
import { asLocator } from '../api/access';
import type { Api } from '../api/api';
import { failed, isDuplicate } from '../api/errors';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { imagesOf } from './base';
import { imageOfName, untilAvailable } from './capture';
import { parameterOf, pointParameter } from './parameter';
import { describe, finish, type DescribeConfig } from './describe';
import { removeImage } from './remove-image';
import { ownTags, specify } from './tags';
import { USUALLY } from './waits';

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
    | 'ssmParameter'
  >;

/** Gives the API of a region. */
export type Region = (name: string) => Promise<Api>;

/**
 * Distributes the image: copies to other regions and, in each as soon as it is there, what it is called and who may start from it. All
 * regions at the same time. A copy that is there already, from a run that died or failed, is not made again.
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
  const { [home]: atHome, ...there } = imagesOf(artifact);
  const drops = config.skipSaveBuildRegion === true && atHome !== undefined;
  const described = new Map<string, readonly string[]>();
  const describeIn = async (region: string, id: string): Promise<void> => {
    described.set(region, [id, ...(await describe(await regionOf(region), id, config, ctx))]);
  };
  const distribute = async (region: string): Promise<void> => {
    if (atHome === undefined) throw goneAtHome(artifact, home);
    const made = await copy(await regionOf(region), { region: home, image: atHome }, artifact, config, ctx);
    await add(region, made);
    await describeIn(region, made.id!);
  };
  const missing = [...new Set(config.amiRegions ?? [])].filter((name) => name !== home && !(name in there));
  await all([
    ...(atHome !== undefined && !drops ? [describeIn(home, atHome)] : []),
    ...Object.entries(there).map(([region, id]) => describeIn(region, id)),
    ...missing.map(distribute),
  ]);
  if (drops) current = await dropHome(regionOf, current, home, ctx);
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
      return imageOfName(api, error, token, name);
    }
  });
  ctx.say(`copying ${from.image} to ${api.region}: ${resource.id!}`);
  await untilAvailable(api, resource.id!, USUALLY.copy, config, ctx);
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
