import { createReadStream, createWriteStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { RunContext } from '../../../extension/context';
import { decompress } from '../store/codec';
import { FileBytes, readRange } from '../../../host/tar/file-bytes';
import { readTar } from '../../../host/tar/reader';

/** The files of an image on disk: of a layout's folder, or within an archive. */
export interface ImageFiles {
  has(name: string): boolean;
  read(name: string): AsyncIterable<Buffer>;
  text(name: string): Promise<string>;
  close(): Promise<void>;
}

/** The files of an OCI layout. */
export async function openFolder(dir: string): Promise<ImageFiles> {
  const names = new Set((await fs.readdir(dir, { recursive: true })).map((name) => name.split(path.sep).join('/')));
  return {
    has: (name) => names.has(name),
    read: (name) => createReadStream(path.join(dir, name), { highWaterMark: 1 << 18 }),
    text: (name) => fs.readFile(path.join(dir, name), 'utf8'),
    close: () => Promise.resolve(),
  };
}

/** The files within a tar archive. A compressed one is decompressed to the run's temporary folder first. */
export async function openArchive(file: string, ctx: RunContext): Promise<ImageFiles> {
  const plain = await decompressed(file, ctx);
  const handle = await fs.open(plain, 'r');
  const index = new Map<string, { offset: number; size: number }>();
  const links = new Map<string, string>();
  try {
    for await (const { entry, offset } of readTar(new FileBytes(handle))) {
      const name = Buffer.from(entry.name, 'latin1').toString('utf8');
      if (entry.type === 'file') index.set(name, { offset, size: entry.size });
      if (entry.type === 'symlink') links.set(name, path.posix.join(path.posix.dirname(name), entry.linkname));
      if (entry.type === 'link') links.set(name, entry.linkname);
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  const find = (name: string, hops = 0): { offset: number; size: number } | undefined => {
    const link = links.get(name);
    return index.get(name) ?? (link === undefined || hops > 9 ? undefined : find(link, hops + 1));
  };
  async function* read(name: string): AsyncGenerator<Buffer> {
    const found = find(name);
    if (!found) throw new Error(`the archive has no ${name}`);
    yield* readRange(handle, found.offset, found.size);
  }
  return {
    has: (name) => find(name) !== undefined,
    read,
    text: async (name) => {
      const parts: Buffer[] = [];
      for await (const part of read(name)) parts.push(part);
      return Buffer.concat(parts).toString('utf8');
    },
    close: () => handle.close(),
  };
}

async function decompressed(file: string, ctx: RunContext): Promise<string> {
  const handle = await fs.open(file, 'r');
  const head = Buffer.alloc(4);
  await handle.read(head, 0, 4, 0).finally(() => handle.close());
  const isPlain = !(head[0] === 0x1f && head[1] === 0x8b) && head.readUInt32LE(0) !== 0xfd2fb528;
  if (isPlain) return file;
  await fs.mkdir(ctx.tempDir, { recursive: true });
  const target = path.join(await fs.mkdtemp(path.join(ctx.tempDir, 'archive-')), 'plain.tar');
  await pipeline(decompress(createReadStream(file), ctx), createWriteStream(target), { signal: ctx.signal });
  return target;
}
