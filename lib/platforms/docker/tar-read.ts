import * as fs from 'node:fs';
import * as fsp from 'node:fs/promises';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Header } from 'tar-stream';

/**
 * Unpacks an archive that a container made into a local folder. What is in a container is not to be trusted: nothing is
 * written outside of the folder, no link in it is followed, and set-user-id bits are dropped.
 *
 * The archive is read to its end or closed, whatever happens: the engine holds the container as long as it is open.
 */
export async function unpackInto(archive: Readable, root: string, onBytes: (count: number) => void): Promise<void> {
  try {
    await new Unpacking(root, onBytes).run(archive);
  } finally {
    archive.destroy();
  }
}

class Unpacking {
  private readonly folders: Folders;
  private readonly files = new Set<string>();
  private readonly modes: { readonly name: string; readonly mode: number }[] = [];

  constructor(
    private readonly root: string,
    private readonly onBytes: (count: number) => void,
  ) {
    this.folders = new Folders(root);
  }

  async run(archive: Readable): Promise<void> {
    const { extract } = require('tar-stream') as typeof import('tar-stream');
    await this.folders.ensure('');
    const extractor = extract();
    archive.once('error', (error) => extractor.destroy(error)).pipe(extractor as unknown as NodeJS.WritableStream);
    for await (const source of extractor) {
      await this.take(source.header, Readable.from(source as AsyncIterable<Buffer>, { objectMode: false }));
    }
    // Last, and the deepest first: a folder may forbid to write into it.
    for (const { name, mode } of this.modes.reverse()) {
      if (this.folders.has(name)) await fsp.chmod(path.join(this.root, name), mode);
    }
  }

  private async take(header: Header, entry: Readable): Promise<void> {
    const name = insideName(header.name);
    const isFolder = header.type === 'directory';
    if (name === undefined || (name === '' && !isFolder)) {
      entry.resume();
      return;
    }
    await this.folders.ensure(isFolder ? name : path.posix.dirname(name));
    if (isFolder) {
      if (name !== '') this.modes.push({ name, mode: header.mode & 0o777 });
      entry.resume();
      return;
    }
    const file = path.join(this.root, name);
    await fsp.rm(file, { recursive: true, force: true });
    this.folders.forget(name);
    if (header.type === 'link') {
      const target = insideName(header.linkname ?? '') ?? '';
      // Another name of a file of this archive, and of nothing else that may lie at that path.
      if (this.files.has(target)) await fsp.link(path.join(this.root, target), file);
    }
    await unpackEntry(entry, header, file, this.onBytes);
    if (header.type === 'symlink') this.files.delete(name);
    else this.files.add(name);
  }
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
