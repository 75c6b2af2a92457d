import * as fsp from 'node:fs/promises';
import * as path from 'node:path';
import type { TransferOptions } from '../../extension/communicator';
import { Folders, insideName } from '../../util/tar/folders';
import type { Sftp } from './sftp';
import { entriesOf } from './upload-directory';
import { localOf } from './upload-file';

/** Files that are under way at once. */
const PARALLEL = 16;

/** Copies a folder by SFTP, several files at once. */
export async function putFolder(
  sftp: Sftp,
  local: string,
  remote: string,
  { onProgress, signal }: TransferOptions,
): Promise<void> {
  const entries = await entriesOf(local);
  const total = entries.reduce((sum, { stat }) => sum + (stat.isFile() ? stat.size : 0), 0);
  let current = 0;
  await sftp.makeFolder(remote);
  for (const { name, stat } of entries) if (stat.isDirectory()) await sftp.makeFolder(`${remote}/${name}`);
  await each(entries, signal, async ({ name, file, stat }) => {
    if (stat.isSymbolicLink()) await sftp.link(await fsp.readlink(file), `${remote}/${name}`);
    if (!stat.isFile()) return;
    await sftp.put(await localOf(file, undefined), `${remote}/${name}`, undefined, (count) => {
      current += count;
      onProgress?.({ label: remote, current, total, unit: 'bytes' });
    });
  });
  // Last, and the deepest first: a folder may forbid to write into it.
  for (const { name, stat } of [...entries].reverse())
    if (stat.isDirectory()) await sftp.mode(`${remote}/${name}`, stat.mode & 0o7777);
}

/** Fetches a folder by SFTP. Nothing is written outside of `local`, whatever the names are. */
export async function getFolder(sftp: Sftp, remote: string, local: string, options: TransferOptions): Promise<void> {
  const folders = new Folders(local);
  const files: { readonly name: string; readonly kind: 'file' | 'link' }[] = [];
  const modes: { readonly name: string; readonly mode: number }[] = [];
  const visit = async (folder: string): Promise<void> => {
    await folders.ensure(folder);
    for (const { name: child, mode, kind } of await sftp.list(folder === '' ? remote : `${remote}/${folder}`)) {
      const name = insideName(`${folder}/${child}`);
      if (name === undefined || child.includes('/')) continue;
      if (kind === 'folder') {
        modes.push({ name, mode });
        await visit(name);
      } else if (kind !== 'other') files.push({ name, kind });
    }
  };
  await visit('');
  await each(files, options.signal, async ({ name, kind }) => {
    const target = path.join(local, name);
    await fsp.rm(target, { recursive: true, force: true });
    if (kind === 'link') await fsp.symlink(await sftp.readLink(`${remote}/${name}`), target);
    else await sftp.get(`${remote}/${name}`, target, options);
  });
  for (const { name, mode } of modes.reverse()) await fsp.chmod(path.join(local, name), mode & 0o777);
}

async function each<T>(items: readonly T[], signal: AbortSignal, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      signal.throwIfAborted();
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}
