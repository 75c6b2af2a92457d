import { createReadStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import { Readable, type Writable } from 'node:stream';
import type { Pack } from 'tar-stream';
import type { LocalEntry } from './list';

/** Files up to this size are read at once: streams cost more than they save. */
const SMALL = 256 * 1024;

/**
 * A tar archive of local files, read while it is sent. A file that grows or shrinks meanwhile is an error.
 *
 * @param last name of an empty file that ends the archive: who finds it knows that nothing is missing
 */
export function packEntries(
  entries: readonly LocalEntry[],
  { onBytes, last }: { readonly onBytes?: (count: number) => void; readonly last?: string } = {},
): Readable {
  const { pack } = require('tar-stream') as typeof import('tar-stream');
  const archive = pack();
  // Whoever reads the archive may give up: then nothing drains any more.
  const closed = new Promise<void>((resolve) => void archive.once('close', () => resolve()));
  const write = async (): Promise<void> => {
    for (const entry of entries) {
      await writeEntry(archive, closed, entry);
      if (archive.destroying) return;
      if (entry.stat.isFile()) onBytes?.(entry.stat.size);
    }
    if (last !== undefined) archive.entry({ name: last, mode: 0o600 }, '');
    archive.finalize();
  };
  write().catch((error: Error) => archive.destroy(error));
  return Readable.from(archive as AsyncIterable<Buffer>, { objectMode: false });
}

async function writeEntry(archive: Pack, closed: Promise<void>, { name, file, stat }: LocalEntry): Promise<void> {
  const header = { name, mode: stat.mode & 0o7777, mtime: stat.mtime, uid: 0, gid: 0 };
  if (stat.isDirectory()) archive.entry({ ...header, type: 'directory' }, '');
  else if (stat.isSymbolicLink()) archive.entry({ ...header, type: 'symlink', linkname: await fs.readlink(file) }, '');
  else await writeFile(archive, closed, { ...header, type: 'file', size: stat.size }, file);
}

async function writeFile(
  archive: Pack,
  closed: Promise<void>,
  header: Parameters<Pack['entry']>[0],
  file: string,
): Promise<void> {
  let sink!: Writable;
  const written = new Promise<void>((resolve, reject) => {
    sink = archive.entry(header, (error) => (error ? reject(error) : resolve())) as unknown as Writable;
  });
  written.catch(() => undefined);
  const chunks = header.size! <= SMALL ? [await fs.readFile(file)] : createReadStream(file, { highWaterMark: SMALL });
  let size = 0;
  for await (const chunk of chunks as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > header.size!) break;
    if (!sink.write(chunk)) await Promise.race([new Promise((resolve) => sink.once('drain', resolve)), closed]);
    if (archive.destroying) return;
  }
  if (size !== header.size) throw new Error(`${file} changed while it was read`);
  sink.end();
  await Promise.race([written, closed]);
}
