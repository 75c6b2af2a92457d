import { createWriteStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Header } from 'tar-stream';
import { Folders, insideName } from './folders';

/**
 * Unpacks an archive that a machine made into a local folder. What is on a machine is not to be trusted: nothing is
 * written outside of the folder, no link in it is followed, and set-user-id bits are dropped.
 */
export async function unpackEntries(archive: Readable, root: string, onBytes: (count: number) => void): Promise<void> {
  const { extract } = require('tar-stream') as typeof import('tar-stream');
  const folders = new Folders(root);
  const files = new Set<string>();
  const modes: { readonly name: string; readonly header: Header }[] = [];
  await folders.ensure('');
  const extractor = extract();
  archive.once('error', (error) => extractor.destroy(error)).pipe(extractor as unknown as NodeJS.WritableStream);
  for await (const source of extractor) {
    const entry = Readable.from(source as AsyncIterable<Buffer>, { objectMode: false });
    const { header } = source;
    const name = insideName(header.name);
    const isFolder = header.type === 'directory';
    if (name !== undefined && isFolder) {
      await folders.ensure(name);
      if (name !== '') modes.push({ name, header });
    } else if (name !== undefined && name !== '') {
      const file = path.join(root, name);
      await folders.ensure(path.posix.dirname(name));
      await fs.rm(file, { recursive: true, force: true });
      folders.forget(name);
      if (header.type === 'file') entry.on('data', (chunk: Buffer) => onBytes(chunk.length));
      await put(entry, header, file, async () => {
        const target = insideName(header.linkname ?? '') ?? '';
        // Another name of a file of this archive, and of nothing else that may lie at that path.
        if (files.has(target)) await fs.link(path.join(root, target), file);
      });
      if (header.type === 'symlink') files.delete(name);
      else files.add(name);
    }
    entry.resume();
  }
  // Last, and the deepest first: a folder may forbid to write into it.
  for (const { name, header } of modes.reverse()) {
    if (!folders.has(name)) continue;
    await fs.chmod(path.join(root, name), header.mode & 0o777);
    if (header.mtime) await fs.utimes(path.join(root, name), header.mtime, header.mtime);
  }
}

async function put(entry: Readable, header: Header, file: string, link: () => Promise<void>): Promise<void> {
  if (header.type === 'symlink') await fs.symlink(header.linkname ?? '', file);
  else if (header.type === 'link') await link();
  else if (header.type === 'file' || header.type === 'contiguous-file') {
    await pipeline(entry, createWriteStream(file, { flags: 'wx', mode: header.mode & 0o777 }));
    await fs.chmod(file, header.mode & 0o777);
    if (header.mtime) await fs.utimes(file, header.mtime, header.mtime);
  }
}
