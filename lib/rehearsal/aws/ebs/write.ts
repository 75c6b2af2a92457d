import { createHash } from 'node:crypto';
import { z } from 'zod';
import { usableKey } from '../kms/keys';
import { copyFile, constants } from 'node:fs/promises';
import { header, type RestAnswer, type RestCall } from '../rest';
import { newSnapshot, snapshotReady, snapshotTakes } from '../ec2/snapshots';
import type { Snapshot } from '../types';
import type { Upload } from '../world';
import { BLOCK, checksumOf, emptyDisk, PER_GIBIBYTE, writeBlock } from './disk';
import { EbsError, invalid, notThere } from './errors';

/** Unfinished snapshots that an account may have in a region: docs.aws.amazon.com/general/latest/gr/ebs-service.html. */
const MOST_PENDING = 100;

const startSchema = z.strictObject({
  VolumeSize: z.number().int().min(1).max(65_536),
  ParentSnapshotId: z.string().optional(),
  Tags: z
    .array(z.strictObject({ Key: z.string().min(1).max(127), Value: z.string().max(255).optional() }))
    .max(50)
    .optional(),
  Description: z.string().max(255).optional(),
  ClientToken: z.string().min(1).max(255).optional(),
  Encrypted: z.boolean().optional(),
  KmsKeyArn: z.string().optional(),
  Timeout: z.number().int().min(10).max(4320).optional(),
});

type Start = z.infer<typeof startSchema>;

/** StartSnapshot: once for a client token. */
export async function start(call: RestCall): Promise<RestAnswer> {
  const { world, account, region } = call;
  const given = startSchema.safeParse(JSON.parse(call.body.toString('utf8') || '{}'));
  if (!given.success) {
    const [issue] = given.error.issues;
    const name = String(issue!.path[0] ?? issue!.message);
    throw invalid(
      name === 'VolumeSize' ? 'INVALID_VOLUME_SIZE' : 'INVALID_PARAMETER_VALUE',
      `${name}: ${issue!.message}`,
    );
  }
  const { ClientToken: token } = given.data;
  const key = ['StartSnapshot', account, region, token].join(' ');
  const print = JSON.stringify(given.data);
  const before = token === undefined ? undefined : world.tokens.get(key);
  if (before && before.print !== print) {
    throw new EbsError(
      'ConflictException',
      'The request uses the same client token as a previous, but non-identical request.',
      409,
    );
  }
  if (before) return before.answer as Promise<RestAnswer>;
  const answer = startOnce(call, given.data);
  if (token !== undefined) world.tokens.set(key, { print, answer });
  answer.catch(() => world.tokens.delete(key));
  return answer;
}

async function startOnce(call: RestCall, given: Start): Promise<RestAnswer> {
  const { world, account, region } = call;
  const { VolumeSize: size, ParentSnapshotId: named, KmsKeyArn: key, Encrypted: encrypted = false } = given;
  if (named !== undefined && (given.Encrypted !== undefined || key !== undefined)) {
    throw invalid('INVALID_PARAMETER_VALUE', 'Encrypted and KmsKeyArn cannot be given with ParentSnapshotId.');
  }
  if (key !== undefined && !encrypted) throw invalid('INVALID_PARAMETER_VALUE', 'KmsKeyArn needs Encrypted.');
  if (key !== undefined && usableKey(world, call, key) === undefined) {
    throw invalid('INVALID_CUSTOMER_KEY', `The key ${key} does not exist, is not enabled, or may not be used.`);
  }
  const parent = named === undefined ? undefined : ownSnapshot(call, named);
  if (parent && parent.state !== 'completed')
    throw invalid('INVALID_SNAPSHOT_ID', `The snapshot ${parent.id} is not completed.`);
  if (parent && size < parent.size)
    throw invalid('INVALID_VOLUME_SIZE', `VolumeSize is less than that of ${parent.id}.`);
  const pending = [...world.uploads.keys()].filter((id) => world.snapshots.find(id)?.state === 'pending');
  if (pending.length >= MOST_PENDING) {
    throw new EbsError('ConcurrentLimitExceededException', 'You have reached the limit for concurrent snapshots.', 400);
  }
  const tags = new Map((given.Tags ?? []).map(({ Key, Value = '' }) => [Key, Value]));
  if ([...tags.keys()].some((one) => one.startsWith('aws:')))
    throw invalid('INVALID_TAG', 'Tag keys starting with aws: are reserved.');
  const isEncrypted = encrypted || parent?.encrypted === true;
  const kmsKey = isEncrypted ? (key ?? parent?.kmsKey ?? `arn:aws:kms:${region}:${account}:alias/aws/ebs`) : undefined;
  const entity = world.entity(call, 'snap', tags);
  const disk = await emptyDisk(world, entity.id, size);
  if (parent?.disk !== undefined) await copyFile(parent.disk, disk, constants.COPYFILE_FICLONE);
  const source = {
    volume: 'vol-ffffffff',
    size,
    encrypted: isEncrypted,
    kmsKey,
    origin: Promise.resolve(undefined),
    disk,
  };
  const snapshot = newSnapshot(world, entity, source, given.Description ?? '');
  world.uploads.set(snapshot.id, {
    blocks: new Map(),
    parent: parent?.id,
    minutes: given.Timeout ?? 60,
    touched: call.now,
    completed: false,
  });
  const answer = {
    SnapshotId: snapshot.id,
    OwnerId: account,
    Status: 'pending',
    StartTime: snapshot.createdAt / 1000,
    VolumeSize: size,
    BlockSize: BLOCK,
    SseType: isEncrypted ? 'sse-kms' : 'none',
    ...(given.Tags && { Tags: given.Tags }),
    ...(given.Description !== undefined && { Description: given.Description }),
    ...(parent && { ParentSnapshotId: parent.id }),
    ...(kmsKey !== undefined && { KmsKeyArn: kmsKey }),
  };
  return { status: 201, body: JSON.stringify(answer) };
}

/** PutSnapshotBlock: a block as often as one likes, until the snapshot is completed. */
export async function put(call: RestCall): Promise<RestAnswer> {
  const { snapshot, upload } = openUpload(call, call.path[1]!);
  const index = indexOf(call.path[3]!, snapshot);
  const length = header(call, 'x-amz-Data-Length');
  if (Number(length) !== BLOCK)
    throw invalid('INVALID_PARAMETER_VALUE', `x-amz-Data-Length is ${length}, and must be ${BLOCK}.`);
  if (call.body.length !== BLOCK)
    throw invalid('INVALID_BLOCK', `The block has ${call.body.length} bytes, and must have ${BLOCK}.`);
  const checksum = checksumOf(call.body);
  if (header(call, 'x-amz-Checksum-Algorithm') !== 'SHA256')
    throw invalid('INVALID_PARAMETER_VALUE', 'x-amz-Checksum-Algorithm must be SHA256.');
  if (header(call, 'x-amz-Checksum') !== checksum) {
    throw invalid('INVALID_BLOCK', 'The checksum that was given is not that of the block.');
  }
  await writeBlock(snapshot.disk!, index, call.body);
  upload.blocks.set(index, checksum);
  upload.touched = call.now;
  return { status: 201, headers: { 'x-amz-Checksum': checksum, 'x-amz-Checksum-Algorithm': 'SHA256' }, body: '{}' };
}

/** CompleteSnapshot: where as many blocks came as were sent, and their checksums are those that were sent. */
export function complete(call: RestCall): RestAnswer {
  const { snapshot, upload } = openUpload(call, call.path[2]!, true);
  const count = header(call, 'x-amz-ChangedBlocksCount');
  const { blocks } = upload;
  if (Number(count) !== blocks.size) {
    throw invalid(
      'INVALID_PARAMETER_VALUE',
      `x-amz-ChangedBlocksCount is ${count}, and ${blocks.size} blocks were written.`,
    );
  }
  const checksum = header(call, 'x-amz-Checksum');
  if (checksum !== undefined && checksum !== linear(upload)) {
    throw invalid('INVALID_PARAMETER_VALUE', 'x-amz-Checksum is not that of the blocks that were written.');
  }
  if (!upload.completed)
    void snapshotReady(call.world, snapshot, snapshotTakes(Math.ceil((blocks.size * BLOCK) / 1024 ** 3)));
  upload.completed = true;
  return { status: 202, body: JSON.stringify({ Status: snapshot.state }) };
}

/** Of the checksums, in the order of their blocks: docs.aws.amazon.com/ebs/latest/APIReference/API_CompleteSnapshot.html. */
function linear({ blocks }: Upload): string {
  const hash = createHash('sha256');
  for (const index of [...blocks.keys()].sort((a, b) => a - b)) hash.update(Buffer.from(blocks.get(index)!, 'base64'));
  return hash.digest('base64');
}

/** A snapshot of the caller's own. */
export function ownSnapshot({ world, account, region, now }: RestCall, id: string): Snapshot {
  if (!/^snap-[0-9a-f]+$/.test(id)) throw invalid('INVALID_SNAPSHOT_ID', `The snapshot id '${id}' is not valid.`);
  const snapshot = world.snapshots.find(id);
  if (snapshot?.account === account && snapshot.region === region && snapshot.visibleAt <= now) return snapshot;
  throw notThere(id);
}

function openUpload(
  call: RestCall,
  id: string,
  again = false,
): { readonly snapshot: Snapshot; readonly upload: Upload } {
  const snapshot = ownSnapshot(call, id);
  const upload = call.world.uploads.get(id);
  if (!upload || (upload.completed && !again)) {
    throw invalid('INVALID_SNAPSHOT_ID', `The snapshot ${id} takes no blocks: it is ${snapshot.state}.`);
  }
  if (!upload.completed && call.now - upload.touched > upload.minutes * 60_000) snapshot.state = 'error';
  if (snapshot.state === 'error')
    throw invalid('WRITE_REQUEST_TIMEOUT', `The snapshot ${id} got no block for too long.`);
  return { snapshot, upload };
}

function indexOf(text: string, { size }: Snapshot): number {
  const index = Number(text);
  if (/^\d+$/.test(text) && index < size * PER_GIBIBYTE) return index;
  throw invalid('INVALID_BLOCK', `The block index ${text} is not one of a volume of ${size} GiB.`);
}
