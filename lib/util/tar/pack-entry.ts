import { createReadStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import type { Writable } from 'node:stream';
import type { Pack } from 'tar-stream';
import type { LocalEntry } from './list';

/** Files up to this size are read at once: streams cost more than they save. */
const SMALL = 256 * 1024;

/** Who owns what is in an archive. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** An archive that is being written. */
export interface Target {
  readonly archive: Pack;
  readonly closed: Promise<void>;
  readonly owner: Owner;
  readonly onBytes: (count: number) => void;
  readonly plain: boolean;
}

/** Reads a small file. */
export async function smallContent({ file, stat }: LocalEntry): Promise<Buffer | undefined> {
  return stat.isFile() && stat.size <= SMALL ? fs.readFile(file) : undefined;
}

/**
 * Writes one entry, as it is on disk.
 *
 * @param content that of a small file
 */
export async function packEntry(
  target: Target,
  { name, file, stat }: LocalEntry,
  content: Buffer | undefined,
): Promise<void> {
  const { archive, owner, plain } = target;
  const isRun = stat.isDirectory() || (stat.mode & 0o100) !== 0;
  const own = plain
    ? { mode: isRun ? 0o755 : 0o644, mtime: new Date(0) }
    : { mode: stat.mode & 0o7777, mtime: stat.mtime };
  const header = { name, ...own, ...owner };
  if (stat.isDirectory()) archive.entry({ ...header, type: 'directory' }, '');
  else if (stat.isSymbolicLink()) archive.entry({ ...header, type: 'symlink', linkname: await fs.readlink(file) }, '');
  else await writeFile(target, { ...header, type: 'file', size: stat.size }, file, content);
}

async function writeFile(
  { archive, closed, onBytes }: Target,
  header: Parameters<Pack['entry']>[0],
  file: string,
  content: Buffer | undefined,
): Promise<void> {
  let sink!: Writable;
  const written = new Promise<void>((resolve, reject) => {
    sink = archive.entry(header, (error) => (error ? reject(error) : resolve())) as unknown as Writable;
  });
  written.catch(() => undefined);
  const chunks = content ? [content] : createReadStream(file, { highWaterMark: SMALL });
  let size = 0;
  for await (const chunk of chunks as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > header.size!) break;
    onBytes(chunk.length);
    if (!sink.write(chunk)) await Promise.race([new Promise((resolve) => sink.once('drain', resolve)), closed]);
    if (archive.destroying) return;
  }
  if (size !== header.size) throw new Error(`${file} changed while it was read`);
  sink.end();
  await Promise.race([written, closed]);
}
