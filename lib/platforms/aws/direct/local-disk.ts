import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../../../errors';
import type { Artifact } from '../../../extension/artifact';
import type { ProcessContext } from '../../../extension/context';
import type { DiskFormat } from '../../../host/disk-format';
import { convertDisk } from '../../../host/qemu-img';
import { machineOf, type Disk } from '../../../post-processors/disks';

/** A disk as a file of a format. */
export interface LocalDisk {
  readonly path: string;
  /** Its name, for people. */
  readonly name: string;
  /** Deletes it, where it was only made for this. */
  done(): Promise<void>;
}

/** The first disk of an artifact in a format: as it is, or converted for as long as it is needed. */
export async function diskAs(
  format: DiskFormat,
  inputs: readonly Artifact[],
  use: string,
  inputFormat: DiskFormat | undefined,
  ctx: ProcessContext,
): Promise<LocalDisk> {
  const disk = await firstDisk(inputs, use, inputFormat, ctx);
  const name = path.basename(disk.name);
  if (disk.format === format) return { path: disk.path, name, done: () => Promise.resolve() };
  const file = path.join(ctx.tempDir, `${use}-${randomBytes(6).toString('hex')}`);
  await fs.mkdir(ctx.tempDir, { recursive: true });
  const done = (): Promise<void> => fs.rm(file, { force: true });
  try {
    // Of a vmdk, the kind that is compressed and written once is the one that ImportImage takes.
    const subformat = format === 'vmdk' ? ['-o', 'subformat=streamOptimized'] : [];
    const args = ['-f', disk.format, ...subformat];
    await convertDisk(disk.path, file, { format, args, label: `${name} as ${format}`, code: 'PROCESS_FAILED' }, ctx);
    return { path: file, name, done };
  } catch (error) {
    await done();
    throw error;
  }
}

async function firstDisk(
  inputs: readonly Artifact[],
  use: string,
  format: DiskFormat | undefined,
  ctx: ProcessContext,
): Promise<Disk> {
  const { disks } = await machineOf(inputs, use, format, ctx);
  const [first, ...more] = disks;
  if (first && more.length === 0) return first;
  throw new GoldsmithError(
    'INCOMPATIBLE_INPUT',
    `\`${use}\` makes an image of one disk, and the artifact has ${disks.length}: ${disks.map(({ name }) => name).join(', ')}`,
    { hint: 'build the machine with one disk, or take the others by a post-processor of their own' },
  );
}
