import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { hostEnv } from '../../lib/platforms/sandbox/machine/tools';

const MIB = 1024 ** 2;
/** Where the root begins: a megabyte is what tools leave free for the table. */
const START = 2 * MIB;

/** Tools that {@link smallDisk} needs; undefined where all are there. */
export function lacksDiskTools(): string | undefined {
  const missing = ['mkfs.ext4', 'sfdisk'].filter((name) => {
    const folders = hostEnv(process.env)['PATH']!.split(':');
    return !folders.some((folder) => fs.existsSync(path.join(folder, name)));
  });
  return missing.length === 0 ? undefined : `${missing.join(', ')} missing: apt-get install e2fsprogs fdisk`;
}

/** How a disk is cut. */
export interface DiskShape {
  readonly table: 'gpt' | 'dos' | 'none';
  /** Mebibytes in all. */
  readonly size?: number;
}

/** Writes a raw disk, sparse, whose root file system (ext4) has what is in a folder. */
export function smallDisk(file: string, root: string, { table, size = 64 }: DiskShape): void {
  fs.writeFileSync(file, '');
  fs.truncateSync(file, size * MIB);
  const env = hostEnv(process.env);
  const start = table === 'none' ? 0 : START;
  const blocks = (size * MIB - start - (table === 'none' ? 0 : MIB)) / 4096;
  const options = ['-q', '-F', '-b', '4096', '-E', `offset=${start},nodiscard`, '-d', root];
  execFileSync('mkfs.ext4', [...options, file, String(blocks)], { env, stdio: 'pipe' });
  if (table === 'none') return;
  const type = table === 'gpt' ? '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709' : '83';
  const input = [
    `label: ${table}`,
    `start=1MiB, size=1MiB, type=${table === 'gpt' ? 'L' : '83'}`,
    `start=2MiB, size=${size - 3}MiB, type=${type}`,
  ];
  execFileSync('sfdisk', ['--quiet', '--no-reread', '--no-tell-kernel', file], {
    env,
    input: `${input.join('\n')}\n`,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}
