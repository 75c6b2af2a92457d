import * as fs from 'node:fs';
import * as fsp from 'node:fs/promises';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Header } from 'tar-stream';

/**
 * Unpacks an archive that a container made into a local folder. What is in a container is not to be trusted: nothing is
 * written outside of the folder, no link in it is followed, and set-user-id bits are dropped.
 */
export async function unpackInto(archive: Readable, root: string, onBytes: (count: number) => void): Promise<void> {
  const { extract } = require('tar-stream') as typeof import('tar-stream');
  const folders = new Folders(root);
  await folders.ensure('');
  const files = new Set<string>();
  const modes: { readonly name: string; readonly mode: number }[] = [];
  const extractor = extract();
  archive.once('error', (error) => extractor.destroy(error)).pipe(extractor as unknown as NodeJS.WritableStream);
  try {
    for await (const source of extractor) {
      const { header } = source;
      const entry = Readable.from(source as AsyncIterable<Buffer>, { objectMode: false });
      const name = insideName(header.name);
      if (name === undefined || (name === '' && header.type !== 'directory')) {
        entry.resume();
        continue;
      }
      await folders.ensure(path.posix.dirname(name));
      const file = path.join(root, name);
      if (header.type === 'directory') {
        await folders.ensure(name);
        if (name !== '') modes.push({ name, mode: header.mode & 0o777 });
        entry.resume();
      } else {
        await fsp.rm(file, { recursive: true, force: true });
        folders.forget(name);
        if (header.type === 'link') {
          const target = insideName(header.linkname ?? '') ?? '';
          // Another name of a file of this archive, and of nothing else that may lie at that path.
          if (files.has(target)) await fsp.link(path.join(root, target), file);
        }
        await unpackEntry(entry, header, file, onBytes);
        if (header.type === 'symlink') files.delete(name);
        else files.add(name);
      }
    }
  } finally {
    archive.destroy();
  }
  // Last, and the deepest first: a folder may forbid to write into it.
  for (const { name, mode } of modes.reverse()) if (folders.has(name)) await fsp.chmod(path.join(root, name), mode);
}

async function unpackEntry(
  entry: Readable,
  header: Header,
  file: string,
  onBytes: (count: number) => void,
): Promise<void> {
  if (header.type === 'symlink') {
    await fsp.symlink(header.linkname ?? '', file);
  } else if (header.type === 'file' || header.type === 'contiguous-file') {
    const mode = header.mode & 0o777;
    entry.on('data', (chunk: Buffer) => onBytes(chunk.length));
    await pipeline(entry, fs.createWriteStream(file, { flags: 'wx', mode }));
    await fsp.chmod(file, mode);
    if (header.mtime) await fsp.utimes(file, header.mtime, header.mtime);
    return;
  }
  // Devices, pipes and sockets are of no use outside.
  entry.resume();
}

/** A name relative to the folder; undefined where it would lead out of it. */
function insideName(name: string): string | undefined {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? undefined : parts.join('/');
}

/** Folders below a root, made where they are missing; a link in the way is replaced, never followed. */
class Folders {
  private readonly known = new Set<string>();

  constructor(private readonly root: string) {}

  async ensure(name: string): Promise<void> {
    if (name === '' || name === '.') {
      await fsp.mkdir(this.root, { recursive: true });
      return;
    }
    if (this.known.has(name)) return;
    await this.ensure(path.posix.dirname(name));
    const folder = path.join(this.root, name);
    const stat = await fsp.lstat(folder).catch(() => undefined);
    if (!stat?.isDirectory()) {
      await fsp.rm(folder, { recursive: true, force: true });
      await fsp.mkdir(folder);
    }
    this.known.add(name);
  }

  /** Whether it is a folder that was made or found here. */
  has(name: string): boolean {
    return this.known.has(name);
  }

  /** Something else is there now. */
  forget(name: string): void {
    for (const known of this.known) if (known === name || known.startsWith(`${name}/`)) this.known.delete(known);
  }
}
