import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError, messageOf } from '../../errors';
import type { RunContext } from '../../extension/context';
import { needTool, runTool } from '../../host/tool';
import { hostEnv } from '../../platforms/sandbox/machine/tools';
import { partsOf, type FileSystem, type Part } from './partitions';

/** A part with a file system that can be looked into. */
type Readable = Part & { readonly fileSystem: FileSystem };

/**
 * Makes the root file system of a raw disk a folder: of the part that the table calls a root, else of the first that has `/etc`. By
 * mounting it read-only where this process may do that, else by `debugfs`, which reads ext4 alone.
 *
 * @param disk file of the raw disk
 * @param into folder that is made; what is there already is replaced
 * @throws GoldsmithError where there is no such file system, or nothing here can read it
 */
export async function treeOfDisk(disk: string, into: string, context: RunContext): Promise<void> {
  // Where programs of root's are is not in the path of many a user.
  const ctx = { ...context, env: hostEnv(context.env) };
  const parts = await partsOf(disk);
  const known = parts.filter((part): part is Readable => part.fileSystem !== undefined);
  if (known.length === 0) {
    throw new GoldsmithError(
      'LAUNCH_FAILED',
      `the disk has no file system that a system starts from: ${listOf(parts)}`,
      {
        hint: 'a root of ext4, xfs or btrfs is found on a bare disk, or in a partition of a GPT or MBR',
      },
    );
  }
  const order = [...known].sort((a, b) => Number(b.isRoot) - Number(a.isRoot));
  for (const part of order) {
    await fs.rm(into, { recursive: true, force: true });
    await unpack(disk, part, into, ctx);
    if (part.isRoot || (await isThere(path.join(into, 'etc')))) return;
  }
  await fs.rm(into, { recursive: true, force: true });
  throw new GoldsmithError('LAUNCH_FAILED', `none of the disk's file systems has /etc: ${listOf(parts)}`, {
    hint: 'the root must be one of them, whole: volumes of LVM are not looked into',
  });
}

async function unpack(disk: string, part: Readable, into: string, ctx: RunContext): Promise<void> {
  const problems: string[] = [];
  for (const way of part.fileSystem === 'ext4' ? [byMount, byDebugfs] : [byMount]) {
    await fs.rm(into, { recursive: true, force: true });
    await fs.mkdir(into, { recursive: true });
    try {
      await way(disk, part, into, ctx);
      return;
    } catch (error) {
      ctx.signal.throwIfAborted();
      problems.push(messageOf(error));
    }
  }
  await fs.rm(into, { recursive: true, force: true });
  throw new GoldsmithError(
    'LAUNCH_FAILED',
    `the disk's ${part.fileSystem} cannot be read here: ${problems.join('; ')}`,
    {
      hint: 'run it as root where loop devices may be used; without, install e2fsprogs, whose debugfs reads ext4',
    },
  );
}

/** A journal that was not closed is not played back: the disk stays as it is. */
const READ_ONLY: Readonly<Record<FileSystem, string>> = { ext4: ',noload', xfs: ',norecovery,nouuid', btrfs: '' };

/** In a mount namespace of its own, so that the mount is gone with the process, however that ends; its loop device goes with the mount. */
async function byMount(
  disk: string,
  { start, size, fileSystem }: Readable,
  into: string,
  ctx: RunContext,
): Promise<void> {
  const tool = await needTool('unshare', 'to mount a disk', ctx);
  const options = `ro,loop,offset=${start},sizelimit=${size}${READ_ONLY[fileSystem]}`;
  await fs.rm(`${into}.mnt`, { recursive: true, force: true });
  await runTool(
    tool,
    ['--mount', '--propagation', 'private', 'sh', '-ec', COPY, 'sh', disk, into, fileSystem, options],
    ctx,
  );
}

const COPY = `mkdir "$2.mnt"
trap 'umount "$2.mnt" 2>/dev/null; rmdir "$2.mnt"' EXIT
mount -t "$3" -o "$4" "$1" "$2.mnt"
cp -a "$2.mnt/." "$2"`;

/** Without any right of root's: owners are kept only where this process may give files away. */
async function byDebugfs(disk: string, { start }: Readable, into: string, ctx: RunContext): Promise<void> {
  const tool = await needTool('debugfs', 'to read a disk without mounting it', ctx);
  if (/["\s]/.test(disk + into))
    throw new GoldsmithError('LAUNCH_FAILED', `debugfs takes no path with a space: ${into}`);
  await runTool(tool, ['-R', `rdump / ${into}`, `${disk}?offset=${start}`], ctx);
  // It ends with status 0 whatever happened.
  if ((await fs.readdir(into)).length === 0) throw new GoldsmithError('LAUNCH_FAILED', 'debugfs has read nothing');
}

function listOf(parts: readonly Part[]): string {
  if (parts.length === 0) return 'it has no partitions either';
  const said = parts.map(({ start, size, fileSystem = 'unknown' }) => `${fileSystem} of ${size} bytes at ${start}`);
  return `its parts are ${said.join(', ')}`;
}

function isThere(file: string): Promise<boolean> {
  return fs.lstat(file).then(
    () => true,
    () => false,
  );
}
