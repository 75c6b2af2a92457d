import * as fs from 'node:fs/promises';
import type { Image } from '@aws-sdk/client-ec2';
import { GoldsmithError } from '../../../errors';
import type { ResourceRecord } from '../../../extension/artifact';
import type { ResourceContext } from '../../../extension/context';
import { asLocator } from '../api/access';
import type { Api } from '../api/api';
import { reasonOf } from '../api/errors';
import { ownTags, specify } from '../driver/tags';
import { untilAttached, untilFree } from '../driver/volumes';
import type { AmazonChrootConfig } from '../props/amazon-chroot-props';
import type { OwnInstance } from './identity';

/** Packer's: names for volumes that are attached, which images do not use for their own. */
const NAMES = [...'fghijklmnop'].map((letter) => `/dev/sd${letter}`);

/** A volume for the new root: of the base's, or empty. */
export async function makeVolume(
  api: Api,
  image: Image | undefined,
  { availabilityZone }: OwnInstance,
  config: AmazonChrootConfig,
  ctx: ResourceContext,
): Promise<ResourceRecord> {
  const root = image?.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === image.RootDeviceName)?.Ebs;
  if (image && root?.SnapshotId === undefined) {
    throw new GoldsmithError('BASE_MISMATCH', `the image ${image.ImageId!} says no snapshot of its root volume`, {
      hint: 'it must be one of EBS, and the account must be allowed to make volumes of its snapshot',
    });
  }
  const type = config.rootVolumeType ?? root?.VolumeType;
  const needsIops = type === 'io1' || type === 'io2';
  if (needsIops && root?.Iops === undefined)
    throw new GoldsmithError('INVALID_PROPS', `\`rootVolumeType\` is \`${type}\`, and the base says no IOPS for it`);
  const size = config.rootVolumeSize ?? root?.VolumeSize;
  const resource = await ctx.acquire('amazon-ebs:volume', asLocator(api.place), async (token) => {
    const { VolumeId } = await api.call('ec2:CreateVolume', {
      ClientToken: token,
      AvailabilityZone: availabilityZone,
      ...(size !== undefined && { Size: size }),
      ...(root?.SnapshotId !== undefined && { SnapshotId: root.SnapshotId }),
      ...(type !== undefined && { VolumeType: type }),
      ...(needsIops && { Iops: root?.Iops }),
      ...(config.rootVolumeEncryptBoot !== undefined && { Encrypted: config.rootVolumeEncryptBoot }),
      ...(config.rootVolumeKmsKeyId !== undefined && { KmsKeyId: config.rootVolumeKmsKeyId }),
      TagSpecifications: specify(ownTags(ctx, token, config.rootVolumeTags), 'volume'),
    });
    return VolumeId!;
  });
  await untilFree(api, resource.id!, config, ctx.signal);
  return resource;
}

/** Attaches the volume to this machine, and says at which path it is seen. */
export async function attachVolume(
  api: Api,
  volume: string,
  { instanceId }: OwnInstance,
  config: AmazonChrootConfig,
  ctx: ResourceContext,
): Promise<{ readonly attachment: ResourceRecord; readonly device: string }> {
  let name = '';
  const place = asLocator(api.place, { instance: instanceId, volume });
  const attachment = await ctx.acquire('amazon-ebs:attachment', place, async () => {
    name = await attach(api, volume, instanceId, config);
    return volume;
  });
  await untilAttached(api, volume, config, ctx.signal);
  const places = placesOf(volume, name, config);
  const device = await ctx.poll(`the device of ${volume} (${places.join(', ')})`, () => firstDevice(places), {
    timeout: 60_000,
  });
  ctx.say(`${volume} is ${device}`);
  return { attachment, device };
}

/** Of several builds on this machine each gets a name of its own: AWS itself says which is taken. */
async function attach(
  api: Api,
  VolumeId: string,
  InstanceId: string,
  { devicePath }: AmazonChrootConfig,
): Promise<string> {
  const names = devicePath === undefined ? NAMES : [devicePath];
  for (const Device of names) {
    try {
      await api.call('ec2:AttachVolume', { VolumeId, InstanceId, Device });
      return Device;
    } catch (error) {
      const now = await attachedAs(api, VolumeId, InstanceId);
      // The answer of an earlier try was lost.
      if (now !== undefined) return now;
      if (reasonOf(error) !== 'InvalidParameterValue' || devicePath !== undefined) throw error;
    }
  }
  throw new GoldsmithError('LAUNCH_FAILED', `this instance (${InstanceId}) has no name free for a volume`, {
    hint: `looked at were ${names.join(', ')}: detach what is not needed, or give \`devicePath\``,
  });
}

async function attachedAs(api: Api, VolumeId: string, instance: string): Promise<string | undefined> {
  const { Volumes = [] } = await api.call('ec2:DescribeVolumes', { VolumeIds: [VolumeId] });
  return Volumes[0]?.Attachments?.find(({ InstanceId }) => InstanceId === instance)?.Device;
}

/** By its serial number on Nitro: docs.aws.amazon.com/ebs/latest/userguide/identify-nvme-ebs-device.html. Else by the name. */
function placesOf(volume: string, name: string, { nvmeDevicePath }: AmazonChrootConfig): readonly string[] {
  if (nvmeDevicePath !== undefined) return [nvmeDevicePath];
  const serial = `/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volume.replace('-', '')}`;
  return [serial, name, name.replace(/^\/dev\/sd/, '/dev/xvd')];
}

async function firstDevice(places: readonly string[]): Promise<string | undefined> {
  for (const place of places) {
    const stat = await fs.stat(place).catch(() => undefined);
    if (stat?.isBlockDevice()) return fs.realpath(place);
  }
  return undefined;
}
