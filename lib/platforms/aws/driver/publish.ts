import { GoldsmithError, toProblem } from '../../../errors';
import type { Artifact, ResourceRecord } from '../../../extension/artifact';
import type { PublishContext } from '../../../extension/platform';
import { failed } from '../api/errors';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { imagesOf } from './base';
import { accountCopies, accountImagesOf } from './copy-accounts';
import { copy, type PublishConfig, type Region } from './copy-image';
import { parameterOf, pointParameter } from './parameter';
import { describe, finish } from './describe';
import { removeImage } from './remove-image';

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
  const add = (region: string, resource: ResourceRecord, account?: string): Promise<void> =>
    (line = line.then(() => record(region, resource, account)));
  const record = async (region: string, resource: ResourceRecord, account?: string): Promise<void> => {
    current = withCopy(current, region, resource, account);
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
  const snapshotsIn = (region: string): readonly string[] => described.get(region)?.slice(1) ?? [];
  await all(
    accountCopies(regionOf, current, snapshotsIn, config, ctx, (account, region, resource) =>
      add(region, resource, account),
    ),
  );
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

/** An artifact with one more copy. */
function withCopy(artifact: Artifact, region: string, resource: ResourceRecord, account: string | undefined): Artifact {
  const { outputs } = artifact;
  const own = account === undefined ? imagesOf(artifact) : accountImagesOf(artifact)[account];
  const more = { ...own, [region]: resource.id! };
  const accounts = account === undefined ? undefined : { ...accountImagesOf(artifact), [account]: more };
  return {
    ...artifact,
    resources: [...artifact.resources, resource],
    outputs: { ...outputs, ...(accounts ? { accounts } : { images: more }) },
  };
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
