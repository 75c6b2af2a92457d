import { once, type Body, type Call } from '../call';
import { AwsError } from '../errors';
import { filtered, paged } from '../filters';
import type { Answer } from '../protocol/xml';
import { checkTagTypes, tagSet, tagsFor } from '../tags';
import type { Caller } from '../table';
import type { BlockDevice, Volume } from '../types';
import type { World } from '../world';
import { maySee, performanceOf } from './devices';
import { discard, plugOne, unplug } from './volume-disks';

/** Makes the volume of a disk of an instance. */
export function volumeFor(
  world: World,
  caller: Caller,
  device: BlockDevice,
  place: { readonly instance: string; readonly zone: string; readonly tags: ReadonlyMap<string, string> },
): Volume {
  const { size, type, iops, throughput, encrypted, kmsKey, snapshot, deleteOnTermination } = device;
  const entity = world.entity(caller, 'vol', place.tags);
  return add(world, {
    ...entity,
    visibleAt: 0,
    state: 'in-use',
    size,
    type,
    iops,
    throughput,
    zone: place.zone,
    snapshot,
    encrypted,
    kmsKey,
    attachment: { instance: place.instance, device: device.device, deleteOnTermination, at: entity.createdAt },
  });
}

/** CreateVolume. */
export function create(call: Call): Promise<Body> {
  return once(call, () => Promise.resolve().then(() => createOnce(call)));
}

function createOnce(call: Call): Body {
  const { world, params } = call;
  checkTagTypes(params, ['volume']);
  const zone = params.need('AvailabilityZone');
  if (!new RegExp(`^${call.region}[abc]$`).test(zone)) {
    throw new AwsError('InvalidZone.NotFound', `The zone '${zone}' does not exist.`);
  }
  const named = params.text('SnapshotId');
  const snapshot =
    named === undefined ? undefined : world.snapshots.get(call, named, (one) => maySee(one, call.account));
  const size = params.whole('Size') ?? snapshot?.size;
  if (size === undefined)
    throw new AwsError('MissingParameter', 'The request must contain the parameter size/snapshot');
  const { type, iops, throughput } = performanceOf(params.text('VolumeType') ?? 'gp2', params);
  const kmsKey = params.text('KmsKeyId');
  const volume = add(world, {
    ...world.entity(call, 'vol', tagsFor(params, 'volume')),
    state: 'available',
    size,
    type,
    iops,
    throughput,
    zone,
    snapshot: snapshot?.id,
    encrypted: params.flag('Encrypted') ?? (kmsKey !== undefined || snapshot?.encrypted === true),
    kmsKey,
    attachment: undefined,
  });
  return view(volume);
}

/** DeleteVolume: not while it is attached. */
export function remove(call: Call): Body {
  const { world, params } = call;
  const volume = world.volumes.get(call, params.need('VolumeId'));
  if (volume.attachment) {
    throw new AwsError('VolumeInUse', `Volume ${volume.id} is currently attached to ${volume.attachment.instance}`);
  }
  forget(world, volume.id);
  return { return: true };
}

/** Takes a volume away. */
export function forget(world: World, id: string): void {
  const volume = world.volumes.find(id);
  if (volume) void world.meanwhile(discard(world, volume));
  world.volumes.delete(id);
  world.inventory.deleted(id, world.pace.now());
}

/** AttachVolume. */
export async function attach(call: Call): Promise<Body> {
  const { world, params } = call;
  const volume = world.volumes.get(call, params.need('VolumeId'));
  const instance = world.instances.get(call, params.need('InstanceId'));
  const device = params.need('Device');
  if (volume.attachment) throw new AwsError('VolumeInUse', `${volume.id} is already attached to an instance`);
  if (volume.zone !== instance.zone) {
    throw new AwsError(
      'InvalidVolume.ZoneMismatch',
      `The volume '${volume.id}' is not in the same availability zone as instance '${instance.id}'`,
    );
  }
  if (instance.state !== 'running' && instance.state !== 'stopped') {
    throw new AwsError('IncorrectState', `Instance '${instance.id}' is not 'running' or 'stopped'.`);
  }
  const taken = world.volumes
    .all()
    .some(({ attachment }) => attachment?.instance === instance.id && attachment.device === device);
  if (taken)
    throw new AwsError(
      'InvalidParameterValue',
      `Invalid value '${device}' for unixDevice. Attachment point ${device} is already in use`,
    );
  volume.attachment = { instance: instance.id, device, deleteOnTermination: false, at: call.now };
  volume.state = 'in-use';
  await plugOne(world, instance, volume);
  return attachmentView(volume, 'attaching') as Body;
}

/** DetachVolume. */
export async function detach(call: Call): Promise<Body> {
  const { world, params } = call;
  const volume = world.volumes.get(call, params.need('VolumeId'));
  const { attachment } = volume;
  if (!attachment) throw new AwsError('IncorrectState', `Volume '${volume.id}' is in the 'available' state.`);
  const instance = world.instances.find(attachment.instance);
  if (instance?.state === 'running' && instance.image.rootDevice === attachment.device) {
    throw new AwsError(
      'OperationNotPermitted',
      `Unable to detach root volume '${volume.id}' from instance '${instance.id}'`,
    );
  }
  const answer = attachmentView(volume, 'detaching') as Body;
  if (instance) await unplug(world, volume, instance, attachment.device);
  volume.attachment = undefined;
  volume.state = 'available';
  return answer;
}

/** ModifyVolume. */
export function modify(call: Call): Body {
  const { world, params } = call;
  const volume = world.volumes.get(call, params.need('VolumeId'));
  const size = params.whole('Size') ?? volume.size;
  if (size < volume.size) throw new AwsError('InvalidParameterValue', `New size cannot be smaller than existing size`);
  const before = {
    originalSize: volume.size,
    originalVolumeType: volume.type,
    originalIops: volume.iops,
    originalThroughput: volume.throughput,
  };
  const { type, iops, throughput } = performanceOf(params.text('VolumeType') ?? volume.type, params, volume);
  Object.assign(volume, { size, type, iops, throughput });
  return {
    volumeModification: {
      volumeId: volume.id,
      modificationState: 'completed',
      targetSize: size,
      targetVolumeType: type,
      targetIops: iops,
      targetThroughput: throughput,
      ...before,
      progress: 100,
      startTime: new Date(call.now),
      endTime: new Date(call.now),
    },
  };
}

/** DescribeVolumes. */
export function describe(call: Call): Body {
  const { world, params } = call;
  const ids = params.list('VolumeId');
  const chosen = ids.length > 0 ? ids.map((id) => world.volumes.get(call, id)) : world.volumes.of(call);
  const found = filtered(call, chosen, {
    'volume-id': ({ id }) => id,
    status: ({ state }) => state,
    size: ({ size }) => size,
    'snapshot-id': ({ snapshot }) => snapshot,
    'volume-type': ({ type }) => type,
    'availability-zone': ({ zone }) => zone,
    encrypted: ({ encrypted }) => encrypted,
    'create-time': ({ createdAt }) => new Date(createdAt).toISOString(),
    'attachment.instance-id': ({ attachment }) => attachment?.instance,
    'attachment.device': ({ attachment }) => attachment?.device,
    'attachment.delete-on-termination': ({ attachment }) => attachment?.deleteOnTermination,
    'attachment.status': ({ attachment }) => attachment && 'attached',
  });
  const { page, nextToken } = paged(call, found);
  return { volumeSet: page.map(view), nextToken };
}

function add(world: World, volume: Volume): Volume {
  const { id, region, size, type, createdAt } = volume;
  world.volumes.add(volume);
  world.inventory.created({
    cloud: 'aws',
    kind: 'volume',
    id,
    region,
    detail: `${size} GiB ${type}`,
    createdAt,
    lasts: false,
  });
  return volume;
}

function attachmentView(volume: Volume, status: string): Answer {
  const { attachment } = volume;
  if (!attachment) return undefined;
  return {
    volumeId: volume.id,
    instanceId: attachment.instance,
    device: attachment.device,
    status,
    attachTime: new Date(attachment.at),
    deleteOnTermination: attachment.deleteOnTermination,
  };
}

function view(volume: Volume): Body {
  return {
    volumeId: volume.id,
    size: volume.size,
    snapshotId: volume.snapshot ?? '',
    availabilityZone: volume.zone,
    status: volume.state,
    createTime: new Date(volume.createdAt),
    attachmentSet: volume.attachment ? [attachmentView(volume, 'attached')] : [],
    volumeType: volume.type,
    iops: volume.iops,
    throughput: volume.throughput,
    encrypted: volume.encrypted,
    kmsKeyId: volume.kmsKey,
    multiAttachEnabled: false,
    tagSet: tagSet(volume.tags),
  };
}
