import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import type { RunContext } from '../../../extension/context';
import type { Api } from '../api/api';
import type { Progress } from './progress';

/** Bytes of a block: docs.aws.amazon.com/ebs/latest/userguide/ebsapi-elements.html, "Block". */
export const BLOCK = 512 * 1024;

const ZERO = Buffer.alloc(BLOCK);

/** What was done. */
export interface Sent {
  /** Blocks that were sent now. */
  readonly sent: number;
  /** Blocks that were there already. */
  readonly kept: number;
}

/** How blocks are sent. */
export interface HowToSend {
  readonly snapshot: string;
  readonly parallel: number;
  readonly label: string;
}

/**
 * Sends the blocks of a disk that hold anything and that the snapshot does not have yet, several at the same time. A block that is zero
 * now and was sent before with something else is sent too.
 */
export async function sendBlocks(
  api: Api,
  disk: string,
  progress: Progress,
  { snapshot, parallel, label }: HowToSend,
  ctx: RunContext,
): Promise<Sent> {
  const file = await fs.open(disk);
  const stop = new AbortController();
  const signal = AbortSignal.any([ctx.signal, stop.signal]);
  const { size } = await file.stat();
  const count = Math.ceil(size / BLOCK);
  const done = { sent: 0, kept: 0 };
  let next = 0;
  let passed = 0;
  const tell = (): void => ctx.progress({ label, current: Math.min(passed * BLOCK, size), total: size, unit: 'bytes' });
  const work = async (): Promise<void> => {
    const data = Buffer.alloc(BLOCK);
    for (let index = next++; index < count; index = next++) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(data, 0, BLOCK, index * BLOCK);
      data.fill(0, bytesRead);
      const before = progress.blocks.get(index);
      const isEmpty = before === undefined && data.equals(ZERO);
      const checksum = isEmpty ? '' : createHash('sha256').update(data).digest('base64');
      if (before === checksum) done.kept += 1;
      else if (!isEmpty) {
        await put(api, snapshot, index, data, checksum, signal);
        await progress.add(index, checksum);
        done.sent += 1;
      }
      passed += 1;
      if (!isEmpty || passed % 256 === 0) tell();
    }
  };
  try {
    const workers = Array.from({ length: Math.min(parallel, count) }, () =>
      work().catch((error: unknown) => {
        stop.abort(error);
        throw error;
      }),
    );
    await settled(workers, ctx, stop);
    tell();
    return done;
  } finally {
    await file.close();
  }
}

/** All have ended before the file is closed; then the first failure is told, not what followed from it. */
async function settled(workers: readonly Promise<void>[], ctx: RunContext, stop: AbortController): Promise<void> {
  const results = await Promise.allSettled(workers);
  ctx.signal.throwIfAborted();
  stop.signal.throwIfAborted();
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

async function put(
  api: Api,
  SnapshotId: string,
  BlockIndex: number,
  BlockData: Buffer,
  Checksum: string,
  signal: AbortSignal,
): Promise<void> {
  const request = {
    SnapshotId,
    BlockIndex,
    BlockData,
    DataLength: BLOCK,
    Checksum,
    ChecksumAlgorithm: 'SHA256' as const,
  };
  // A snapshot that was begun just now may not be known everywhere.
  await api.soon('ebs:PutSnapshotBlock', request, signal);
}

/** The checksum of all blocks: of their checksums in the order of their indexes. API_CompleteSnapshot's page calls it linear. */
export function linearChecksum(blocks: ReadonlyMap<number, string>): string {
  const hash = createHash('sha256');
  for (const index of [...blocks.keys()].sort((a, b) => a - b)) hash.update(blocks.get(index)!, 'base64');
  return hash.digest('base64');
}

/** Whether blocks are those of a disk, all of them and no other. */
export async function areOf(disk: string, blocks: ReadonlyMap<number, string>, signal: AbortSignal): Promise<boolean> {
  const file = await fs.open(disk);
  try {
    const { size } = await file.stat();
    const data = Buffer.alloc(BLOCK);
    let found = 0;
    for (let index = 0; index * BLOCK < size; index += 1) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(data, 0, BLOCK, index * BLOCK);
      data.fill(0, bytesRead);
      const known = blocks.get(index);
      if (known === undefined ? !data.equals(ZERO) : known !== createHash('sha256').update(data).digest('base64'))
        return false;
      if (known !== undefined) found += 1;
    }
    return found === blocks.size;
  } finally {
    await file.close();
  }
}
