import type { BlockDeviceMapping, Image, VolumeType } from '@aws-sdk/client-ec2';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';

type Device = NonNullable<AmazonEbsConfig['launchBlockDeviceMappings']>[number];

/** Volumes of the build's instance. The root volume starts encrypted where the image shall be. */
export function launchDevices(config: AmazonEbsConfig, image: Image): BlockDeviceMapping[] {
  const given = (config.launchBlockDeviceMappings ?? []).map(asMapping);
  const root = image.RootDeviceName;
  if (config.encryptBoot !== undefined && root !== undefined) {
    const encryption = {
      Encrypted: config.encryptBoot,
      ...(config.kmsKeyId !== undefined && config.kmsKeyId !== '' && { KmsKeyId: config.kmsKeyId }),
    };
    const own = given.find(({ DeviceName }) => DeviceName === root);
    if (own) own.Ebs = { ...encryption, ...own.Ebs };
    else given.push({ DeviceName: root, Ebs: encryption });
  }
  return [...given, ...withoutEphemeral(config)];
}

/** Volumes that are said of the image, beside those that it has from the instance. */
export function imageDevices(config: AmazonEbsConfig): BlockDeviceMapping[] {
  return [...(config.amiBlockDeviceMappings ?? []).map(asMapping), ...withoutEphemeral(config)];
}

/** Packer's list: the names that instance stores of images are mapped to. */
function withoutEphemeral({ noEphemeral }: AmazonEbsConfig): BlockDeviceMapping[] {
  if (noEphemeral !== true) return [];
  return [...'abcdefghijklmnopqrstuvwxyz'].map((letter) => ({ DeviceName: `xvdc${letter}`, NoDevice: '' }));
}

/** A volume as AWS takes it. */
export function asMapping(device: Device): BlockDeviceMapping {
  const { deviceName: DeviceName, noDevice, virtualName, deleteOnTermination = true, kmsKeyId } = device;
  if (noDevice === true) return { DeviceName, NoDevice: '' };
  if (virtualName?.startsWith('ephemeral') === true) return { DeviceName, VirtualName: virtualName };
  const { volumeType, volumeSize, iops, throughput, snapshotId } = device;
  const encrypted = device.encrypted ?? (kmsKeyId === undefined ? undefined : true);
  return {
    DeviceName,
    Ebs: {
      DeleteOnTermination: deleteOnTermination,
      ...(volumeType !== undefined && { VolumeType: volumeType as VolumeType }),
      ...(volumeSize !== undefined && { VolumeSize: volumeSize }),
      ...(iops !== undefined && { Iops: iops }),
      ...(throughput !== undefined && { Throughput: throughput }),
      ...(snapshotId !== undefined && { SnapshotId: snapshotId }),
      ...(encrypted !== undefined && { Encrypted: encrypted }),
      ...(kmsKeyId !== undefined && { KmsKeyId: kmsKeyId }),
    },
  };
}
