import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { Snapshot } from '../types';
import type { World } from '../world';

/** Bytes of a block: all that the API has. https://docs.aws.amazon.com/ebs/latest/userguide/ebsapi-elements.html */
export const BLOCK = 512 * 1024;
/** Blocks of a gibibyte. */
export const PER_GIBIBYTE = 1024 ** 3 / BLOCK;

const ZERO = Buffer.alloc(BLOCK);

/** Makes the file of an empty disk: sparse, of so many gibibytes. */
export async function emptyDisk(world: World, name: string, size: number): Promise<string> {
  await fs.mkdir(world.disks, { recursive: true });
  const file = path.join(world.disks, `${name}.raw`);
  await fs.writeFile(file, '');
  await fs.truncate(file, size * 1024 ** 3);
  return file;
}

/** Writes a block. */
export async function writeBlock(disk: string, index: number, data: Buffer): Promise<void> {
  const file = await fs.open(disk, 'r+');
  try {
    await file.write(data, 0, BLOCK, index * BLOCK);
  } finally {
    await file.close();
  }
}

/** Reads a block; what is beyond the file's end is zero. */
export async function readBlock(disk: string | undefined, index: number): Promise<Buffer> {
  const data = Buffer.alloc(BLOCK);
  if (disk === undefined) return data;
  const file = await fs.open(disk);
  try {
    await file.read(data, 0, BLOCK, index * BLOCK);
    return data;
  } finally {
    await file.close();
  }
}

/** Indexes of the blocks that a snapshot has. Where nobody noted them they are those that hold anything. */
export async function blocksOf(world: World, snapshot: Snapshot): Promise<readonly number[]> {
  const noted = world.uploads.get(snapshot.id);
  const { disk } = snapshot;
  if (noted && noted.parent === undefined) return [...noted.blocks.keys()].sort((a, b) => a - b);
  if (disk === undefined) return [];
  const { size } = await fs.stat(disk);
  const found: number[] = [];
  for (let index = 0; index * BLOCK < size; index++) {
    if (!(await readBlock(disk, index)).equals(ZERO)) found.push(index);
  }
  return found;
}

/** SHA-256 in base64. */
export function checksumOf(data: Buffer): string {
  return createHash('sha256').update(data).digest('base64');
}
