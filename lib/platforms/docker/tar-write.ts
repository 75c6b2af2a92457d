import * as fs from 'node:fs';
import * as fsp from 'node:fs/promises';
import * as path from 'node:path';
import { Readable, type Writable } from 'node:stream';
import type { Pack } from 'tar-stream';

/** A file, folder or link below a local folder. */
export interface LocalEntry {
  /** Relative to the folder, with `/`; `''` is the folder itself and never in a list. */
  readonly name: string;
  readonly file: string;
  readonly stat: fs.Stats;
}

/** Everything below a local folder that can be copied, folders before what is in them, by name. Sockets and devices are passed over. */
export async function listLocal(root: string, wanted: (name: string) => boolean = () => true): Promise<LocalEntry[]> {
  const entries: LocalEntry[] = [];
  const visit = async (folder: string, prefix: string): Promise<void> => {
    for (const child of (await fsp.readdir(folder)).sort()) {
      const name = prefix + child;
      const file = path.join(folder, child);
      const stat = await fsp.lstat(file);
      if (stat.isDirectory()) {
        // Not wanted itself, a folder may still hold what is: an exception to a rule of .dockerignore.
        if (wanted(name)) entries.push({ name, file, stat });
        await visit(file, `${name}/`);
      } else if ((stat.isFile() || stat.isSymbolicLink()) && wanted(name)) {
        entries.push({ name, file, stat });
      }
    }
  };
  await visit(root, '');
  return entries;
}

/** Who owns what is in an archive. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * A tar archive of local files, read while it is sent. A file that grows or shrinks meanwhile is an error.
 *
 * @param extra files that are not on disk
 */
export function packLocal(
  entries: readonly LocalEntry[],
  owner: Owner,
  onBytes: (count: number) => void = () => undefined,
  extra: Readonly<Record<string, Buffer>> = {},
): Readable {
  const { pack } = require('tar-stream') as typeof import('tar-stream');
  const archive = pack();
  // Whoever reads the archive may give up: then nothing drains any more.
  const closed = new Promise<void>((resolve) => void archive.once('close', () => resolve()));
  const write = async (): Promise<void> => {
    for (const [name, content] of Object.entries(extra))
      archive.entry({ name, mode: 0o644, ...owner, mtime: new Date(0) }, content);
    for (const entry of entries) await writeEntry({ archive, closed, owner, onBytes }, entry);
    archive.finalize();
  };
  write().catch((error: Error) => archive.destroy(error));
  return Readable.from(archive as AsyncIterable<Buffer>, { objectMode: false });
}

/** An archive that is being written. */
interface Target {
  readonly archive: Pack;
  readonly closed: Promise<void>;
  readonly owner: Owner;
  readonly onBytes: (count: number) => void;
}

async function writeEntry(target: Target, { name, file, stat }: LocalEntry): Promise<void> {
  const { archive, owner } = target;
  const header = { name, mode: stat.mode & 0o7777, mtime: stat.mtime, ...owner };
  if (stat.isDirectory()) {
    archive.entry({ ...header, type: 'directory' }, '');
  } else if (stat.isSymbolicLink()) {
    archive.entry({ ...header, type: 'symlink', linkname: await fsp.readlink(file) }, '');
  } else {
    await writeFile(target, { ...header, size: stat.size }, file);
  }
}

async function writeFile(
  { archive, closed, onBytes }: Target,
  header: Parameters<Pack['entry']>[0],
  file: string,
): Promise<void> {
  let sink!: Writable;
  const written = new Promise<void>((resolve, reject) => {
    sink = archive.entry({ ...header, type: 'file' }, (error) =>
      error ? reject(error) : resolve(),
    ) as unknown as Writable;
  });
  written.catch(() => undefined);
  let size = 0;
  for await (const chunk of fs.createReadStream(file)) {
    const { length } = chunk as Buffer;
    size += length;
    if (size > header.size!) break;
    onBytes(length);
    if (!sink.write(chunk)) await Promise.race([new Promise((resolve) => sink.once('drain', resolve)), closed]);
    if (archive.destroying) return;
  }
  if (size !== header.size) throw new Error(`${file} changed while it was read`);
  sink.end();
  await Promise.race([written, closed]);
}
