import type { BlockDeviceMapping } from '@aws-sdk/client-ec2';
import type { Artifact } from '../../../extension/artifact';
import type { ResourceContext } from '../../../extension/context';
import type { Api } from '../api/api';
import { artifactOf, freeName, untilAvailable } from '../driver/capture';
import { asMapping } from '../driver/devices';
import { registerImage } from '../driver/register';
import { snapshotVolume } from '../driver/snapshots';
import type { AmazonChrootConfig } from '../props/amazon-chroot-props';
import { inChroot } from './communicator';
import type { Root } from './launch';
import { takeBackFiles } from './lent-files';

/** Takes the volume from this machine, and makes the image of it. */
export async function captureRoot(
  api: Api,
  { image, volume, attachment, mount, path }: Root,
  config: AmazonChrootConfig,
  ctx: ResourceContext,
): Promise<Artifact | undefined> {
  await takeBackFiles(config, inChroot(path, config), ctx);
  await ctx.release(mount);
  await ctx.release(attachment);
  if (config.skipCreateAmi === true) return undefined;
  const { rootVolumeTags: tags } = config;
  const snapshot = await snapshotVolume(api, { volume: volume.id!, device: path, tags }, config, ctx);
  const name = await freeName(api, config, ctx);
  const root = config.rootDeviceName ?? image?.RootDeviceName ?? '/dev/xvda';
  const registered = await registerImage(
    api,
    name,
    root,
    devicesOf(image?.BlockDeviceMappings ?? [], root, snapshot.id!, config),
    {
      ...config,
      amiArchitecture: config.amiArchitecture ?? image?.Architecture,
      bootMode: config.bootMode ?? (image?.BootMode as AmazonChrootConfig['bootMode']),
      tpmSupport: config.tpmSupport ?? (image?.TpmSupport as AmazonChrootConfig['tpmSupport']),
      enaSupport: config.enaSupport ?? image?.EnaSupport,
      sriovSupport: config.sriovSupport ?? (image?.SriovNetSupport === 'simple' ? true : undefined),
    },
    ctx,
  );
  const made = await untilAvailable(api, registered.id!, config, ctx);
  const resources = [registered, snapshot];
  for (const resource of resources) await ctx.keep(resource);
  const artifact = artifactOf(resources, api.region, {
    name,
    source: image?.ImageId ?? '',
    owner: made.OwnerId ?? '',
  });
  return { ...artifact, use: 'amazon-chroot' };
}

/** The volumes that are said, or else the base's; the root among them is the new snapshot. */
function devicesOf(
  before: readonly BlockDeviceMapping[],
  root: string,
  SnapshotId: string,
  { amiBlockDeviceMappings, rootVolumeSize, rootVolumeType }: AmazonChrootConfig,
): BlockDeviceMapping[] {
  const all = amiBlockDeviceMappings?.map(asMapping) ?? before;
  const isThere = all.some(({ DeviceName }) => DeviceName === root);
  return (isThere ? all : [...all, { DeviceName: root, Ebs: {} }]).map((device) => {
    // Of a snapshot that is there, RegisterImage wants no word on encryption.
    const { Encrypted: _encrypted, KmsKeyId: _key, ...ebs } = device.Ebs ?? {};
    if (device.DeviceName !== root) return { ...device, ...(device.Ebs && { Ebs: ebs.SnapshotId ? ebs : device.Ebs }) };
    return {
      DeviceName: root,
      Ebs: {
        DeleteOnTermination: true,
        ...ebs,
        SnapshotId,
        ...(rootVolumeSize !== undefined && { VolumeSize: rootVolumeSize }),
        ...(rootVolumeType !== undefined && { VolumeType: rootVolumeType }),
      },
    };
  });
}
