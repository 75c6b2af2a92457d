import * as fs from 'node:fs/promises';
import { messageOf } from '../../../errors';
import type { Origin } from '../../machines/computer';
import type { Body, Call } from '../call';
import { AwsError } from '../errors';
import { usableKey } from '../kms/keys';
import { filtered, paged } from '../filters';
import type { Answer } from '../protocol/xml';
import { checkTagTypes, tagSet, tagsFor } from '../tags';
import type { Caller } from '../table';
import type { Entity, Snapshot, Volume } from '../types';
import type { World } from '../world';
import { maySee } from './devices';
import { TAKES } from './durations';
import { hostOf } from './host';
import { changed, permissionChanges } from './permissions';
import { frozenDisk } from './volume-disks';

/** What a snapshot is made of. */
export interface SnapshotSource {
  readonly volume: string;
  readonly size: number;
  readonly encrypted: boolean;
  readonly kmsKey: string | undefined;
  readonly origin: Promise<Origin | undefined>;
  /** File of its raw disk. */
  readonly disk?: string | undefined;
}

/** Makes a snapshot, which is ready after a while. */
export function addSnapshot(
  world: World,
  entity: Entity,
  source: SnapshotSource,
  description: string,
  takes: number,
): { readonly snapshot: Snapshot; readonly ready: Promise<void> } {
  const snapshot = newSnapshot(world, entity, source, description);
  return { snapshot, ready: snapshotReady(world, snapshot, takes) };
}

/** Makes a snapshot that is pending. */
export function newSnapshot(world: World, entity: Entity, source: SnapshotSource, description: string): Snapshot {
  const snapshot: Snapshot = world.snapshots.add({
    ...entity,
    ...source,
    state: 'pending',
    progress: 0,
    description,
    permissions: [],
  });
  const { id, region } = snapshot;
  world.inventory.created({
    cloud: 'aws',
    kind: 'snapshot',
    id,
    region,
    detail: `${snapshot.size} GiB${snapshot.encrypted ? ', encrypted' : ''}`,
    createdAt: entity.createdAt,
    lasts: true,
  });
  return snapshot;
}

/** Has a snapshot completed after a while. */
export function snapshotReady(world: World, snapshot: Snapshot, takes: number): Promise<void> {
  return world.meanwhile(
    (async () => {
      try {
        const origin = await snapshot.origin;
        if (origin?.kind === 'disk') snapshot.disk ??= origin.disk;
        if (!hasKey(world, snapshot)) throw new Error('Given key ID is not accessible');
        await world.pace.wait(takes / 2);
        snapshot.progress = 50;
        await world.pace.wait(takes / 2);
        snapshot.progress = 100;
        snapshot.state = 'completed';
      } catch (error) {
        snapshot.failure = messageOf(error);
        snapshot.state = 'error';
      }
    })(),
  );
}

/** Where a snapshot shall be encrypted with a key that is not there or not enabled, it fails, and not at once: CopySnapshot's page. */
function hasKey(world: World, { kmsKey, account, region }: Snapshot): boolean {
  return kmsKey === undefined || usableKey(world, { account, region }, kmsKey) !== undefined;
}

/** What a machine that starts from a snapshot has for a root. */
export async function originOf(snapshot: Snapshot | undefined): Promise<Origin | undefined> {
  return snapshot?.disk === undefined ? snapshot?.origin : { kind: 'disk', disk: snapshot.disk };
}

/** What a volume holds: a disk that was written to, or of the root of an instance the files of its machine now. */
export function contentOf(world: World, volume: Volume): Promise<Origin | undefined> {
  if (volume.disk) return frozenDisk(world, volume);
  const instance = world.instances.find(volume.attachment?.instance);
  if (instance && volume.attachment?.device === instance.image.rootDevice) return hostOf(world, instance).freeze();
  return originOf(world.snapshots.find(volume.snapshot));
}

/** How long a snapshot of a volume takes in life. */
export function snapshotTakes(size: number): number {
  return TAKES.snapshot + size * TAKES.snapshotPerGigabyte;
}

/** CreateSnapshot. */
export function create(call: Call): Body {
  const { world, params } = call;
  checkTagTypes(params, ['snapshot']);
  const volume = world.volumes.get(call, params.need('VolumeId'));
  const { snapshot } = addSnapshot(
    world,
    world.entity(call, 'snap', tagsFor(params, 'snapshot')),
    {
      volume: volume.id,
      size: volume.size,
      encrypted: volume.encrypted,
      kmsKey: volume.kmsKey,
      origin: contentOf(world, volume),
    },
    params.text('Description') ?? '',
    snapshotTakes(volume.size),
  );
  return { ...view(snapshot), tagSet: tagSet(snapshot.tags) };
}

/** CreateSnapshots: one of each volume of an instance. */
export function createAll(call: Call): Body {
  const { world, params } = call;
  checkTagTypes(params, ['snapshot']);
  const given = params.struct('InstanceSpecification');
  const instance = world.instances.get(call, given.need('InstanceId'));
  const left = given.list('ExcludeDataVolumeId');
  const volumes = world.volumes
    .all()
    .filter(({ id, attachment }) => attachment?.instance === instance.id && !left.includes(id))
    .filter(
      ({ attachment }) => given.flag('ExcludeBootVolume') !== true || attachment?.device !== instance.image.rootDevice,
    );
  const made = volumes.map((volume) => {
    const tags = params.text('CopyTagsFromSource') === 'volume' ? new Map(volume.tags) : new Map<string, string>();
    for (const [key, value] of tagsFor(params, 'snapshot')) tags.set(key, value);
    const source = {
      volume: volume.id,
      size: volume.size,
      encrypted: volume.encrypted,
      kmsKey: volume.kmsKey,
      origin: contentOf(world, volume),
    };
    return addSnapshot(
      world,
      world.entity(call, 'snap', tags),
      source,
      params.text('Description') ?? '',
      snapshotTakes(volume.size),
    ).snapshot;
  });
  return { snapshotSet: made.map((one) => ({ ...short(one), state: one.state, tagSet: tagSet(one.tags) })) };
}

/** DeleteSnapshot: not while an image needs it. */
export function remove(call: Call): Body {
  const { world, params } = call;
  const snapshot = world.snapshots.get(call, params.need('SnapshotId'));
  const image = world.images.all().find(({ devices }) => devices.some((one) => one.snapshot === snapshot.id));
  if (image) {
    throw new AwsError('InvalidSnapshot.InUse', `The snapshot ${snapshot.id} is currently in use by ${image.id}`);
  }
  forget(world, snapshot.id);
  return { return: true };
}

/** Takes a snapshot away. */
export function forget(world: World, id: string): void {
  const { disk } = world.snapshots.find(id) ?? {};
  world.snapshots.delete(id);
  world.uploads.delete(id);
  world.inventory.deleted(id, world.pace.now());
  // Copies hold the same disk, of which there is one file.
  if (disk === undefined || world.snapshots.all().some((one) => one.disk === disk)) return;
  void world.meanwhile(fs.rm(disk, { force: true }));
}

/** DescribeSnapshots: the caller's own, and, where they are named, public and shared ones. */
export function describe(call: Call): Body {
  const { world, params, account } = call;
  const ids = params.list('SnapshotId');
  const owners = params.list('Owner').map((owner) => (owner === 'self' ? account : owner));
  const chosen =
    ids.length > 0
      ? ids.map((id) => world.snapshots.get(call, id, (one) => maySee(one, account)))
      : world.snapshots.in(call.region).filter((one) => maySee(one, account));
  const owned = chosen.filter((one) => owners.length === 0 || owners.includes(one.account));
  const found = filtered(call, owned, {
    'snapshot-id': ({ id }) => id,
    'volume-id': ({ volume }) => volume,
    'volume-size': ({ size }) => size,
    'owner-id': (one) => one.account,
    status: ({ state }) => state,
    description: ({ description }) => description,
    encrypted: ({ encrypted }) => encrypted,
    progress: ({ progress }) => `${progress}%`,
  });
  const { page, nextToken } = paged(call, found);
  return { snapshotSet: page.map((one) => ({ ...view(one), tagSet: tagSet(one.tags) })), nextToken };
}

/** CopySnapshot. */
export function copy(call: Call): Body {
  const { world, params, account } = call;
  checkTagTypes(params, ['snapshot']);
  const from: Caller = { account, region: params.need('SourceRegion') };
  const source = world.snapshots.get(from, params.need('SourceSnapshotId'), (one) => maySee(one, account));
  if (source.state !== 'completed') {
    throw new AwsError('IncorrectState', `The snapshot '${source.id}' is not in the 'completed' state`);
  }
  const { snapshot } = copySnapshot(call, source, params.flag('Encrypted') === true, params.text('KmsKeyId'), {
    tags: tagsFor(params, 'snapshot'),
    description: params.text('Description') ?? `[Copied ${source.id} from ${source.region}]`,
  });
  return { snapshotId: snapshot.id, tagSet: tagSet(snapshot.tags) };
}

/** Copies a snapshot into the caller's region. */
export function copySnapshot(
  call: Call,
  source: Snapshot,
  encrypted: boolean,
  kmsKey: string | undefined,
  { tags, description }: { readonly tags: ReadonlyMap<string, string>; readonly description: string },
): ReturnType<typeof addSnapshot> {
  if (kmsKey !== undefined && !encrypted && !source.encrypted) {
    throw new AwsError(
      'InvalidParameterCombination',
      'The parameter KmsKeyId requires the parameter Encrypted to be set.',
    );
  }
  const isEncrypted = encrypted || source.encrypted;
  const kept = {
    volume: 'vol-ffffffff',
    size: source.size,
    encrypted: isEncrypted,
    kmsKey: isEncrypted ? (kmsKey ?? `arn:aws:kms:${call.region}:${call.account}:alias/aws/ebs`) : undefined,
    origin: source.origin,
    disk: source.disk,
  };
  const takes = TAKES.copy + source.size * TAKES.copyPerGigabyte;
  return addSnapshot(call.world, call.world.entity(call, 'snap', tags), kept, description, takes);
}

/** ModifySnapshotAttribute: who may make volumes of it. */
export function modify(call: Call): Body {
  const { world, params } = call;
  const snapshot = world.snapshots.get(call, params.need('SnapshotId'));
  const changes = permissionChanges(params, 'CreateVolumePermission', { userId: 'UserId', group: 'UserGroup' });
  const { added } = changes;
  if (snapshot.encrypted && added.some(({ group }) => group === 'all')) {
    throw new AwsError('OperationNotPermitted', `Encrypted snapshots cannot be shared publicly`);
  }
  if (snapshot.encrypted && added.length > 0 && snapshot.kmsKey?.endsWith('alias/aws/ebs') === true) {
    throw new AwsError('OperationNotPermitted', `Encrypted snapshots with EBS default key cannot be shared`);
  }
  snapshot.permissions = changed(snapshot.permissions, changes);
  return { return: true };
}

/** DescribeSnapshotAttribute. */
export function describeAttribute(call: Call): Body {
  const { world, params } = call;
  const snapshot = world.snapshots.get(call, params.need('SnapshotId'));
  const attribute = params.oneOf('Attribute', ['createVolumePermission', 'productCodes']) ?? params.need('Attribute');
  const answer: Answer =
    attribute === 'productCodes' ? [] : snapshot.permissions.map(({ userId, group }) => ({ userId, group }));
  return { snapshotId: snapshot.id, [attribute]: answer };
}

function short(snapshot: Snapshot): { readonly [name: string]: Answer } {
  const { id, volume, size, description, encrypted, account, createdAt, progress } = snapshot;
  return {
    snapshotId: id,
    volumeId: volume,
    volumeSize: size,
    startTime: new Date(createdAt),
    progress: `${progress}%`,
    ownerId: account,
    description,
    encrypted,
  };
}

function view(snapshot: Snapshot): { readonly [name: string]: Answer } {
  return {
    ...short(snapshot),
    status: snapshot.state,
    statusMessage: snapshot.failure,
    kmsKeyId: snapshot.kmsKey,
    storageTier: 'standard',
    ownerAlias:
      snapshot.permissions.some(({ group }) => group === 'all') && snapshot.volume === 'vol-ffffffff'
        ? 'amazon'
        : undefined,
  };
}
