import type { Call } from '../call';
import { AwsError } from '../errors';
import type { Params } from '../protocol/params';
import type { Answer } from '../protocol/xml';
import type { BlockDevice } from '../types';

/** Types of volumes: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html */
const TYPES = ['standard', 'gp2', 'gp3', 'io1', 'io2', 'st1', 'sc1'] as const;

/** The disks of an image with what a request says of them: sizes, encryption, further ones, and ones to leave out. */
export function devicesOf(call: Call, given: readonly Params[], from: readonly BlockDevice[]): readonly BlockDevice[] {
  const devices = new Map(from.map((one) => [one.device, one]));
  for (const params of given) {
    const device = params.need('DeviceName');
    if (params.has('NoDevice')) devices.delete(device);
    else if (!params.has('VirtualName'))
      devices.set(device, deviceOf(call, device, params.struct('Ebs'), devices.get(device)));
  }
  return [...devices.values()];
}

function deviceOf(call: Call, device: string, ebs: Params, before: BlockDevice | undefined): BlockDevice {
  const { world } = call;
  const named = ebs.text('SnapshotId');
  if (named !== undefined && before?.snapshot !== undefined && named !== before.snapshot) {
    throw new AwsError('InvalidBlockDeviceMapping', `snapshotId cannot be modified on root device`);
  }
  const snapshot = named ?? before?.snapshot;
  const source =
    named === undefined
      ? world.snapshots.find(snapshot)
      : world.snapshots.get(call, named, (one) => maySee(one, call.account));
  const size = ebs.whole('VolumeSize') ?? before?.size ?? source?.size;
  if (size === undefined)
    throw new AwsError('MissingParameter', 'The request must contain the parameter size or snapshotId');
  if (source && size < source.size) {
    throw new AwsError(
      'InvalidBlockDeviceMapping',
      `Volume of size ${size}GB is smaller than snapshot '${source.id}', expect size>= ${source.size}GB`,
    );
  }
  const type = ebs.oneOf('VolumeType', TYPES) ?? before?.type ?? 'gp2';
  const kmsKey = ebs.text('KmsKeyId') ?? before?.kmsKey;
  if (kmsKey !== undefined && ebs.flag('Encrypted') === false) {
    throw new AwsError(
      'InvalidParameterDependency',
      'The parameter KmsKeyId requires the parameter Encrypted to be set.',
    );
  }
  return {
    device,
    snapshot,
    size,
    ...performanceOf(type, ebs, before),
    encrypted:
      ebs.flag('Encrypted') ?? (kmsKey !== undefined || before?.encrypted === true || source?.encrypted === true),
    kmsKey,
    deleteOnTermination: ebs.flag('DeleteOnTermination') ?? before?.deleteOnTermination ?? true,
  };
}

/** What a type of volume gives where nothing is said, and what may be said of it. */
export function performanceOf(
  type: string,
  params: Params,
  before?: Pick<BlockDevice, 'iops' | 'throughput' | 'type'>,
): Pick<BlockDevice, 'type' | 'iops' | 'throughput'> {
  const kept = before?.type === type ? before : undefined;
  const iops = params.whole('Iops') ?? kept?.iops;
  const throughput = params.whole('Throughput') ?? kept?.throughput;
  if (throughput !== undefined && type !== 'gp3') {
    throw new AwsError('InvalidParameterCombination', `The parameter Throughput is not supported for ${type} volumes.`);
  }
  if (params.has('Iops') && !['gp3', 'io1', 'io2'].includes(type)) {
    throw new AwsError('InvalidParameterCombination', `The parameter iops is not supported for ${type} volumes.`);
  }
  if ((type === 'io1' || type === 'io2') && iops === undefined) {
    throw new AwsError('MissingParameter', `The request must contain the parameter iops for ${type} volumes.`);
  }
  return type === 'gp3'
    ? { type, iops: iops ?? 3000, throughput: throughput ?? 125 }
    : { type, iops, throughput: undefined };
}

/** Disks as the answers about images have them. */
export function deviceViews(devices: readonly BlockDevice[]): Answer {
  return devices.map(({ device, snapshot, size, type, iops, throughput, encrypted, kmsKey, deleteOnTermination }) => ({
    deviceName: device,
    ebs: {
      snapshotId: snapshot,
      volumeSize: size,
      volumeType: type,
      iops,
      throughput,
      encrypted,
      kmsKeyId: kmsKey,
      deleteOnTermination,
    },
  }));
}

/** Whether an account may use what has permissions. */
export function maySee(
  thing: {
    readonly account: string;
    readonly permissions: readonly { readonly userId?: string; readonly group?: string }[];
  },
  account: string,
): boolean {
  return (
    thing.account === account || thing.permissions.some(({ userId, group }) => userId === account || group === 'all')
  );
}
