import type { Image } from '@aws-sdk/client-ec2';
import { GoldsmithError } from '../../../errors';
import type { Artifact, ResourceRecord } from '../../../extension/artifact';
import type { ResourceContext } from '../../../extension/context';
import type { Machine } from '../../../extension/platform';
import { asLocator } from '../api/access';
import type { Api } from '../api/api';
import { failed, isDuplicate, reasonOf } from '../api/errors';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { problemWithAmiName } from '../props/naming';
import { isOver, lost, throwIfLost } from './lost';
import { imageDevices } from './devices';
import { dataOf } from './launch';
import { amiNameOf } from './names';
import { removeImage } from './remove-image';
import { ownTags, specify } from './tags';
import { whoseName } from './whose-name';
import { timeout } from './waits';

/** An image of many volumes takes long: Packer waits 30 minutes. */
const AVAILABLE = 3_600_000;
const STOPPED = 600_000;

/** Stops the instance and makes the image of its volumes. */
export async function capture(
  api: Api,
  machine: Machine,
  config: AmazonEbsConfig,
  ctx: ResourceContext,
): Promise<Artifact | undefined> {
  try {
    const { id, spot } = dataOf(machine);
    // A spot instance cannot be stopped: CreateImage restarts it, so that its file systems are whole.
    if (!spot) await stop(api, id, config, ctx);
    if (config.skipCreateAmi === true) return undefined;
    if (!spot) await setNetworking(api, id, config, ctx);
    return await makeImage(api, machine, config, ctx);
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw failed('CAPTURE_FAILED', 'the instance could not be made an image', error);
  }
}

async function stop(api: Api, id: string, config: AmazonEbsConfig, ctx: ResourceContext): Promise<void> {
  if (config.disableStopInstance !== true) {
    ctx.say(`stopping ${id}`);
    await api.call('ec2:StopInstances', { InstanceIds: [id] }, ctx.signal);
  }
  await api.poller.until({
    kind: 'instance',
    id,
    what: `the instance ${id} to stop`,
    ...timeout(config, STOPPED),
    signal: ctx.signal,
    done: (instance) => {
      if (isOver(instance)) throw lost(instance);
      return instance.State?.Name === 'stopped' ? true : undefined;
    },
  });
}

async function setNetworking(
  api: Api,
  InstanceId: string,
  config: AmazonEbsConfig,
  ctx: ResourceContext,
): Promise<void> {
  const { enaSupport, sriovSupport } = config;
  if (sriovSupport === true) {
    await api.call('ec2:ModifyInstanceAttribute', { InstanceId, SriovNetSupport: { Value: 'simple' } }, ctx.signal);
  }
  if (enaSupport !== undefined) {
    await api.call('ec2:ModifyInstanceAttribute', { InstanceId, EnaSupport: { Value: enaSupport } }, ctx.signal);
  }
}

async function makeImage(api: Api, machine: Machine, config: AmazonEbsConfig, ctx: ResourceContext): Promise<Artifact> {
  const { id, image: source, imds } = dataOf(machine);
  const name = amiNameOf(config, ctx);
  const problem = problemWithAmiName(name);
  if (problem !== undefined) throw new GoldsmithError('CAPTURE_FAILED', problem);
  if (config.forceDeregister === true || ctx.force) await makeRoom(api, name, config, ctx);
  const devices = imageDevices(config);
  const resource = await ctx.acquire('amazon-ebs:image', asLocator(api.place, { name }), async (token) => {
    const tags = ownTags(ctx, token, config.skipAmiRunTags === true ? {} : config.runTags);
    return createImage(
      api,
      token,
      {
        InstanceId: id,
        Name: name,
        ...(config.amiDescription !== undefined && { Description: config.amiDescription }),
        ...(devices.length > 0 && { BlockDeviceMappings: devices }),
        TagSpecifications: specify(tags, 'image', 'snapshot'),
      },
      ctx,
    );
  });
  const made = await untilAvailable(api, resource.id!, config, ctx);
  const wantsImds = (config.imdsSupport ?? 'v2.0') === 'v2.0';
  if (wantsImds && !imds && made.ImdsSupport !== 'v2.0') await requireImds(api, resource.id!, ctx);
  await ctx.keep(resource);
  return artifactOf(resource, api.region, { name, source, owner: made.OwnerId ?? '' });
}

/** The API has no token for this: what an earlier try made is told by its name, and known by its tag. */
async function createImage(
  api: Api,
  token: string,
  request: Parameters<typeof api.call<'ec2:CreateImage'>>[1],
  ctx: ResourceContext,
): Promise<string> {
  const end = ctx.clock.now() + 120_000;
  for (;;) {
    try {
      return (await api.call('ec2:CreateImage', request)).ImageId!;
    } catch (error) {
      if (isDuplicate(error)) {
        return imageOfName(api, error, token, request.Name ?? '');
      }
      if (!/^Incorrect(Instance)?State$/.test(reasonOf(error)) || ctx.clock.now() > end) throw error;
      await throwIfLost(api, request.InstanceId!, ctx);
      // "Instance is not in state running or stopped": seen so from elsewhere, for a moment.
      await ctx.clock.sleep(3000);
    }
  }
}

/** The image of a name that is taken: that of an earlier try of the same creation, whose answer was lost, or somebody else's. */
export async function imageOfName(api: Api, error: unknown, token: string, name: string): Promise<string> {
  const Filters = [{ Name: 'name', Values: [name] }];
  const found = await whoseName(api, error, token, async () => {
    const { Images = [] } = await api.call('ec2:DescribeImages', { Owners: ['self'], Filters });
    return Images.map(({ ImageId, Tags }) => ({ id: ImageId!, tags: Tags }));
  });
  if (found === undefined) throw nameTaken(name, api.region);
  return found;
}

/** The error of a name that is in use. */
export function nameTaken(name: string, region: string): GoldsmithError {
  return new GoldsmithError(
    'CAPTURE_FAILED',
    `\`amiName\` is \`${name}\`, and an image of this account in ${region} has it already`,
    {
      hint: 'put the time into it (text`core-${timestamp()}`), or replace that image with `forceDeregister: true` or `--force`',
    },
  );
}

/** Images of this account that have a name. */
export async function imagesNamed(api: Api, name: string, signal: AbortSignal): Promise<readonly Image[]> {
  const Filters = [{ Name: 'name', Values: [name] }];
  const { Images = [] } = await api.call('ec2:DescribeImages', { Owners: ['self'], Filters }, signal);
  return Images;
}

async function makeRoom(api: Api, name: string, config: AmazonEbsConfig, ctx: ResourceContext): Promise<void> {
  for (const { ImageId } of await imagesNamed(api, name, ctx.signal)) {
    ctx.say(`deregistering ${ImageId}, which is called ${name} too`);
    await removeImage(api, ImageId!, undefined, config.forceDeleteSnapshot === true, ctx.signal);
  }
}

/** Resolves when an image can be started from. */
export function untilAvailable(api: Api, id: string, config: AmazonEbsConfig, ctx: ResourceContext): Promise<Image> {
  return api.poller.until({
    kind: 'image',
    id,
    what: `the image ${id} in ${api.region}`,
    ...timeout(config, AVAILABLE),
    signal: ctx.signal,
    done: (image) => {
      if (image.State === 'available') return image;
      if (image.State === undefined || image.State === 'pending' || image.State === 'transient') return undefined;
      const why = image.StateReason?.Message ?? 'AWS gives no reason';
      throw new GoldsmithError('CAPTURE_FAILED', `the image ${id} in ${api.region} is \`${image.State}\`: ${why}`);
    },
  });
}

/** From now on instances that start from it require IMDSv2, where nothing else is said. */
export async function requireImds(api: Api, ImageId: string, ctx: ResourceContext): Promise<void> {
  await api.soon('ec2:ModifyImageAttribute', { ImageId, ImdsSupport: { Value: 'v2.0' } }, ctx.signal);
}

function artifactOf(
  resource: ResourceRecord,
  region: string,
  { name, source, owner }: { readonly name: string; readonly source: string; readonly owner: string },
): Artifact {
  const imageId = resource.id!;
  return {
    use: 'amazon-ebs',
    kind: 'ami',
    id: `${region}:${imageId}`,
    description: `image ${imageId} in ${region} (${name})`,
    files: [],
    resources: [resource],
    outputs: { imageId, region, name, sourceImageId: source, ownerId: owner, images: { [region]: imageId } },
  };
}
