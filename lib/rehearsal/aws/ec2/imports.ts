import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { messageOf } from '../../../errors';
import type { Origin } from '../../machines/computer';
import type { Importable } from '../../machines/importer';
import { once, type Body, type Call } from '../call';
import { AwsError } from '../errors';
import { filtered, paged } from '../filters';
import { bucketOf } from '../s3/objects';
import type { Params } from '../protocol/params';
import { checkTagTypes, tagSet, tagsFor } from '../tags';
import type { ImportTask, Snapshot } from '../types';
import { TAKES } from './durations';
import { addImage, complete, fresh } from './images';
import type { World } from '../world';
import { addSnapshot, forget } from './snapshots';

/** Gigabytes of a disk in a bucket that nobody made here: nobody can look into it. */
const SIZE = 8;
const GIBIBYTE = 1024 ** 3;

/** ImportSnapshot: of a disk in S3. */
export function importSnapshot(call: Call): Promise<Body> {
  return once(call, async () => {
    const disk = diskOf(call.params.struct('DiskContainer'), 'DiskContainer');
    checkTagTypes(call.params, ['import-snapshot-task']);
    const { task } = await begin(call, 'import-snap', disk);
    return snapshotTask(call, task);
  });
}

/** ImportImage: likewise, and an image of it. */
export function importImage(call: Call): Promise<Body> {
  return once(call, async () => {
    const { world, params } = call;
    const [first] = params.structs('DiskContainer');
    if (!first) throw new AwsError('MissingParameter', 'The request must contain the parameter DiskContainers');
    checkTagTypes(params, ['import-image-task']);
    const { task, snapshot, ready } = await begin(call, 'import-ami', diskOf(first, 'DiskContainer.1'));
    if (task.failure !== undefined) return imageTask(call, task);
    const rootDevice = '/dev/sda1';
    const image = addImage(world, {
      ...world.entity(call, 'ami'),
      ...fresh(task.id, params.text('Description')),
      architecture: params.text('Architecture') ?? 'x86_64',
      rootDevice,
      devices: [
        {
          device: rootDevice,
          snapshot: snapshot.id,
          size: snapshot.size,
          type: 'gp2',
          encrypted: snapshot.encrypted,
          deleteOnTermination: true,
        },
      ],
      platform: params.text('Platform')?.toLowerCase() === 'windows' ? 'windows' : undefined,
      enaSupport: true,
      bootMode: params.text('BootMode'),
    });
    task.image = image.id;
    complete(world, image, [ready]);
    return imageTask(call, task);
  });
}

/** DescribeImportSnapshotTasks. */
export function describeSnapshotTasks(call: Call): Body {
  const { page, nextToken } = paged(call, tasksOf(call, 'import-snap'));
  return { importSnapshotTaskSet: page.map((task) => snapshotTask(call, task)), nextToken };
}

/** DescribeImportImageTasks. */
export function describeImageTasks(call: Call): Body {
  const { page, nextToken } = paged(call, tasksOf(call, 'import-ami'));
  return { importImageTaskSet: page.map((task) => imageTask(call, task)), nextToken };
}

/** CancelImportTask: of one that is not done. */
export function cancel(call: Call): Body {
  const task = find(call, call.params.need('ImportTaskId'));
  const before = stateOf(call, task);
  if (before !== 'active')
    throw new AwsError('IncorrectState', `The task ${task.id} is ${before}: only an active one can be cancelled`);
  task.cancelled = true;
  const { world } = call;
  if (task.image !== undefined) {
    world.images.delete(task.image);
    world.inventory.deleted(task.image, call.now);
  }
  forget(world, task.snapshot);
  return { importTaskId: task.id, previousState: before, state: 'cancelling' };
}

interface Disk {
  readonly format: string;
  readonly url: string | undefined;
  readonly bucket: { readonly s3Bucket: string; readonly s3Key: string } | undefined;
}

function diskOf(params: Params, name: string): Disk {
  const bucket = params.struct('UserBucket');
  const url = params.text('Url');
  const s3 = bucket.has('S3Bucket') ? { s3Bucket: bucket.need('S3Bucket'), s3Key: bucket.need('S3Key') } : undefined;
  if (url === undefined && s3 === undefined) {
    throw new AwsError('MissingParameter', `The request must contain the parameter ${name}.Url or ${name}.UserBucket`);
  }
  return { format: params.text('Format') ?? 'raw', url, bucket: s3 };
}

async function begin(
  call: Call,
  prefix: ImportTask['prefix'],
  disk: Disk,
): Promise<{ task: ImportTask; snapshot: Snapshot; ready: Promise<void> }> {
  const { world, params } = call;
  const opened = await openObject(call, disk).catch((error: unknown) => {
    if (error instanceof AwsError) throw error;
    return messageOf(error);
  });
  const failure = typeof opened === 'string' ? `ClientError: Disk validation failed [${opened}]` : undefined;
  const file = typeof opened === 'string' ? undefined : opened;
  const size = file === undefined ? SIZE : Math.max(1, Math.ceil(file.size / GIBIBYTE));
  const entity = world.entity(call, 'snap');
  const { snapshot, ready } = addSnapshot(
    world,
    entity,
    {
      volume: 'vol-ffffffff',
      size,
      encrypted: params.flag('Encrypted') ?? params.has('KmsKeyId'),
      kmsKey: params.text('KmsKeyId'),
      origin: file === undefined ? Promise.resolve(undefined) : written(world, entity.id, size, file),
    },
    params.text('Description') ?? '',
    TAKES.import,
  );
  if (failure !== undefined) forget(world, snapshot.id);
  const task: ImportTask = {
    ...world.entity(
      call,
      prefix,
      tagsFor(params, prefix === 'import-ami' ? 'import-image-task' : 'import-snapshot-task'),
    ),
    prefix,
    snapshot: snapshot.id,
    description: params.text('Description'),
    image: undefined,
    cancelled: false,
    ...(failure !== undefined && { failure }),
    size,
    disk,
  };
  world.importTasks.add(task);
  return { task, snapshot, ready };
}

/** What a request names in S3. Of a bucket that was not made here nothing is known. */
async function openObject(call: Call, { bucket, url, format }: Disk): Promise<Importable | undefined> {
  const [, name = bucket?.s3Bucket ?? '', key = bucket?.s3Key ?? ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(url ?? '') ?? [];
  if (!call.world.buckets.has(name)) return undefined;
  const object = bucketOf(call, name).objects.get(key);
  if (!object) {
    throw new AwsError('InvalidParameter', `The given S3 object is not accessible: bucket ${name}, key ${key}`);
  }
  return call.world.importer.open(object.file, format.toLowerCase());
}

async function written(world: World, id: string, size: number, file: Importable): Promise<Origin> {
  const disk = path.join(world.disks, `${id}.raw`);
  await file.write(disk);
  await fs.truncate(disk, size * GIBIBYTE);
  return { kind: 'disk', disk };
}

function find(call: Call, id: string): ImportTask {
  const task = call.world.importTasks.of(call).find((one) => one.id === id);
  if (task) return task;
  throw new AwsError('InvalidConversionTaskId.Malformed', `The import task ID ${id} is not valid`);
}

function tasksOf(call: Call, prefix: ImportTask['prefix']): readonly ImportTask[] {
  const ids = call.params.list('ImportTaskId');
  const chosen = ids.length > 0 ? ids.map((id) => find(call, id)) : call.world.importTasks.of(call);
  const rows = chosen.filter((one) => one.prefix === prefix);
  return filtered({ ...call, params: call.params.renamed('Filters', 'Filter') }, rows, {
    'task-state': (one) => stateOf(call, one),
  });
}

function stateOf({ world }: Call, task: ImportTask): 'active' | 'completed' | 'deleted' {
  if (task.cancelled || task.failure !== undefined) return 'deleted';
  return world.snapshots.find(task.snapshot)?.state === 'pending' ? 'active' : 'completed';
}

function detail({ snapshot, disk, description, size, failure }: ImportTask, state: string): Body {
  return {
    snapshotId: state === 'completed' ? snapshot : undefined,
    format: disk.format.toUpperCase(),
    diskImageSize: size * GIBIBYTE,
    statusMessage: failure,
    description,
    status: state,
    url: disk.url,
    userBucket: disk.bucket,
  };
}

function snapshotTask(call: Call, task: ImportTask): Body {
  const state = stateOf(call, task);
  return {
    importTaskId: task.id,
    description: task.description,
    snapshotTaskDetail: { ...detail(task, state), progress: state === 'active' ? '50' : undefined },
    tagSet: tagSet(task.tags),
  };
}

function imageTask(call: Call, task: ImportTask): Body {
  const state = stateOf(call, task);
  return {
    importTaskId: task.id,
    description: task.description,
    status: state,
    statusMessage: task.failure,
    progress: state === 'active' ? '50' : undefined,
    imageId: state === 'completed' ? task.image : undefined,
    architecture: call.world.images.find(task.image)?.architecture,
    snapshotDetailSet: [detail(task, state)],
    tagSet: tagSet(task.tags),
  };
}
