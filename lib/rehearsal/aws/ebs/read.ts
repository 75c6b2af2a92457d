import { createHash } from 'node:crypto';
import type { RestAnswer, RestCall } from '../rest';
import type { Snapshot } from '../types';
import { maySee } from '../ec2/devices';
import { BLOCK, blocksOf, checksumOf, PER_GIBIBYTE, readBlock } from './disk';
import { invalid, notThere } from './errors';

/** Milliseconds that tokens of blocks are good for: the API's page says seven days. */
const GOOD_FOR = 7 * 86_400_000;

/** ListSnapshotBlocks. */
export async function list(call: RestCall): Promise<RestAnswer> {
  const snapshot = completed(call, call.path[1]!);
  const all = (await blocksOf(call.world, snapshot)).map((index) => ({
    BlockIndex: index,
    BlockToken: tokenOf(snapshot, index),
  }));
  return paged(call, snapshot, 'Blocks', all);
}

/** ListChangedBlocks: between two snapshots of one volume, or all of the second's. */
export async function changed(call: RestCall): Promise<RestAnswer> {
  const second = completed(call, call.path[1]!);
  const named = call.query.get('firstSnapshotId');
  const first = named === null ? undefined : completed(call, named);
  if (first && !isRelated(call, first, second)) {
    throw invalid('UNRELATED_SNAPSHOTS', `The snapshots ${first.id} and ${second.id} are not of one volume.`);
  }
  const had = new Set(first ? await blocksOf(call.world, first) : []);
  const has = new Set(await blocksOf(call.world, second));
  const all: { readonly BlockIndex: number }[] = [];
  for (const index of [...new Set([...had, ...has])].sort((a, b) => a - b)) {
    const same =
      had.has(index) &&
      has.has(index) &&
      (await readBlock(first?.disk, index)).equals(await readBlock(second.disk, index));
    if (same) continue;
    all.push({
      BlockIndex: index,
      ...(first && had.has(index) && { FirstBlockToken: tokenOf(first, index) }),
      ...(has.has(index) && { SecondBlockToken: tokenOf(second, index) }),
    });
  }
  return paged(call, second, 'ChangedBlocks', all);
}

/** GetSnapshotBlock. */
export async function get(call: RestCall): Promise<RestAnswer> {
  const snapshot = completed(call, call.path[1]!);
  const index = Number(call.path[3]);
  if (!Number.isInteger(index) || index < 0 || index >= snapshot.size * PER_GIBIBYTE) {
    throw invalid('INVALID_BLOCK', `The block index ${call.path[3]} is not one of a volume of ${snapshot.size} GiB.`);
  }
  if (call.query.get('blockToken') !== tokenOf(snapshot, index)) {
    throw invalid('INVALID_BLOCK_TOKEN', 'The block token is not valid for this block.');
  }
  const body = await readBlock(snapshot.disk, index);
  const headers = {
    'content-type': 'application/octet-stream',
    'x-amz-Data-Length': String(BLOCK),
    'x-amz-Checksum': checksumOf(body),
    'x-amz-Checksum-Algorithm': 'SHA256',
  };
  return { status: 200, headers, body };
}

function paged(
  { query, now }: RestCall,
  { size }: Snapshot,
  name: string,
  all: readonly { readonly BlockIndex: number }[],
): RestAnswer {
  const most = Number(query.get('maxResults') ?? 10_000);
  if (!(most >= 100 && most <= 10_000))
    throw invalid('INVALID_PARAMETER_VALUE', 'maxResults must be from 100 to 10000.');
  const token = query.get('pageToken');
  const from =
    token === null
      ? Number(query.get('startingBlockIndex') ?? 0)
      : Number(Buffer.from(token, 'base64').toString('latin1'));
  if (!Number.isInteger(from)) throw invalid('INVALID_PAGE_TOKEN', 'The page token is not valid.');
  const rest = all.filter(({ BlockIndex }) => BlockIndex >= from);
  const next = rest[most]?.BlockIndex;
  const answer = {
    [name]: rest.slice(0, most),
    ExpiryTime: (now + GOOD_FOR) / 1000,
    VolumeSize: size,
    BlockSize: BLOCK,
    ...(next !== undefined && { NextToken: Buffer.from(String(next)).toString('base64') }),
  };
  return { status: 200, body: JSON.stringify(answer) };
}

function completed({ world, account, region, now }: RestCall, id: string): Snapshot {
  if (!/^snap-[0-9a-f]+$/.test(id)) throw invalid('INVALID_SNAPSHOT_ID', `The snapshot id '${id}' is not valid.`);
  const snapshot = world.snapshots.find(id);
  if (!snapshot || snapshot.region !== region || snapshot.visibleAt > now || !maySee(snapshot, account))
    throw notThere(id);
  if (snapshot.state === 'completed') return snapshot;
  throw invalid('INVALID_SNAPSHOT_ID', `The snapshot ${id} is not completed.`);
}

function isRelated({ world }: RestCall, first: Snapshot, second: Snapshot): boolean {
  if (first.id === second.id || (first.volume === second.volume && first.volume !== 'vol-ffffffff')) return true;
  for (let id = world.uploads.get(second.id)?.parent; id !== undefined; id = world.uploads.get(id)?.parent) {
    if (id === first.id) return true;
  }
  return false;
}

function tokenOf({ id }: Snapshot, index: number): string {
  return createHash('sha256').update(`${id} ${index}`).digest('base64');
}
