import type { BlockDeviceMapping } from '@aws-sdk/client-ec2';
import type { Artifact, ResourceRecord } from '../../../extension/artifact';
import type { ResourceContext } from '../../../extension/context';
import type { Machine } from '../../../extension/platform';
import type { Api } from '../api/api';
import type { AmazonEbsSurrogateConfig } from '../props/amazon-ebs-surrogate-props';
import { artifactOf, freeName, makeImage, untilAvailable } from './capture';
import { asMapping } from './devices';
import type { Flavor } from './flavor';
import { dataOf } from './launch';
import { registerImage } from './register';
import { snapshotVolume } from './snapshots';
import { swapRoot } from './swap-root';
import { volumesOf } from './volumes';

type Device = AmazonEbsSurrogateConfig['launchBlockDeviceMappings'][number];

/** Makes the image of volumes that the steps have written, not of the instance's own root volume. */
export const SURROGATE: Flavor<AmazonEbsSurrogateConfig> = {
  use: 'amazon-ebssurrogate',
  launched: (config) => ({
    ...config,
    // What shall be encrypted is the volume that becomes the root, and not the root that is left behind.
    encryptBoot: undefined,
    launchBlockDeviceMappings: config.launchBlockDeviceMappings.map((device) => encryptedAs(config, device)),
    keepsVolumes: config.useCreateImage === true,
  }),
  make: (api, machine, config, ctx) =>
    config.useCreateImage === true ? byCreateImage(api, machine, config, ctx) : byRegister(api, machine, config, ctx),
};

function encryptedAs({ encryptBoot, kmsKeyId, amiRootDevice }: AmazonEbsSurrogateConfig, device: Device): Device {
  if (encryptBoot === undefined || device.deviceName !== amiRootDevice.sourceDeviceName) return device;
  const key = kmsKeyId === '' ? undefined : kmsKeyId;
  return { encrypted: encryptBoot, ...(key !== undefined && { kmsKeyId: key }), ...device };
}

async function byRegister(
  api: Api,
  machine: Machine,
  config: AmazonEbsSurrogateConfig,
  ctx: ResourceContext,
): Promise<Artifact> {
  const { id, image: source } = dataOf(machine);
  const kept = config.launchBlockDeviceMappings.filter(isKept);
  const names = kept.map(({ deviceName }) => deviceName);
  const volumes = await volumesOf(api, id, names, config, ctx);
  const snapshots = new Map<string, ResourceRecord>();
  await Promise.all(
    names.map(async (device) => {
      const { snapshotDescription: description, runTags, skipAmiRunTags } = config;
      const tags = skipAmiRunTags === true ? undefined : runTags;
      const volume = volumes.get(device)!;
      snapshots.set(device, await snapshotVolume(api, { volume, device, description, tags }, config, ctx));
    }),
  );
  const name = await freeName(api, config, ctx);
  const { deviceName: root } = config.amiRootDevice;
  const devices = registered(config, kept, (device) => snapshots.get(device)!.id!);
  const image = await registerImage(api, name, root, devices, config, ctx);
  const made = await untilAvailable(api, image.id!, config, ctx);
  const resources = [image, ...snapshots.values()];
  for (const resource of resources) await ctx.keep(resource);
  return artifactOf(resources, api.region, { name, source, owner: made.OwnerId ?? '' });
}

async function byCreateImage(
  api: Api,
  machine: Machine,
  config: AmazonEbsSurrogateConfig,
  ctx: ResourceContext,
): Promise<Artifact> {
  await swapRoot(api, machine, config, ctx);
  const left = config.launchBlockDeviceMappings.filter(({ omitFromArtifact }) => omitFromArtifact === true);
  const without = left.map(({ deviceName }) => ({ deviceName, noDevice: true }));
  const amiBlockDeviceMappings = [...(config.amiBlockDeviceMappings ?? []), ...without];
  return makeImage(api, machine, { ...config, amiBlockDeviceMappings }, ctx);
}

/** Packer's order: a volume of the instance counts for more than one of the same name that is said of the image; most counts the root. */
function registered(
  config: AmazonEbsSurrogateConfig,
  kept: readonly Device[],
  snapshotOf: (device: string) => string,
): BlockDeviceMapping[] {
  const { amiRootDevice, amiBlockDeviceMappings = [] } = config;
  const devices = new Map(amiBlockDeviceMappings.map((device) => [device.deviceName, asMapping(device)]));
  for (const device of kept) {
    const isRoot = device.deviceName === amiRootDevice.sourceDeviceName;
    const { sourceDeviceName: _source, ...root } = amiRootDevice;
    // A volume is encrypted as its snapshot is, so that nothing may be said of that.
    const { encrypted: _encrypted, kmsKeyId: _key, omitFromArtifact: _omit, ...own } = device;
    const snapshotId = snapshotOf(device.deviceName);
    const whole = { ...own, ...(isRoot && { deleteOnTermination: true, ...root }), snapshotId };
    devices.set(whole.deviceName, asMapping(whole));
  }
  return [...devices.values()];
}

function isKept({ omitFromArtifact, noDevice, virtualName }: Device): boolean {
  return omitFromArtifact !== true && noDevice !== true && virtualName?.startsWith('ephemeral') !== true;
}
