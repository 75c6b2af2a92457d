import { createReadStream } from 'node:fs';
import { readlink } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { LocalFile } from '../artifact-files';

/** A tar of the files, as a stream. Owners, permissions and times are kept. */
export async function* tar(files: readonly LocalFile[], onData: (bytes: number) => void): AsyncGenerator<Buffer> {
  const { pack: createPack } = require('tar-stream') as typeof import('tar-stream');
  const pack = createPack();
  const fill = async (): Promise<void> => {
    for (const file of files) {
      const { stats } = file;
      const header = {
        name: nameInArchive(file),
        mode: stats.mode & 0o7777,
        mtime: stats.mtime,
        uid: stats.uid,
        gid: stats.gid,
      };
      if (stats.isDirectory()) pack.entry({ ...header, type: 'directory' });
      else if (stats.isSymbolicLink()) pack.entry({ ...header, type: 'symlink', linkname: await readlink(file.path) });
      else if (stats.isFile())
        await pipeline(read(file, onData), pack.entry({ ...header, size: stats.size }) as unknown as Writable);
    }
    pack.finalize();
  };
  const filled = fill().catch((error: unknown) => pack.destroy(error as Error));
  for await (const chunk of pack) yield chunk as Buffer;
  await filled;
}

/** As the artifact names it, but never outside of where the archive is unpacked. */
export function nameInArchive({ name, stats }: LocalFile): string {
  const parts = name
    .split(/[/\\]/)
    .filter((part) => part !== '' && part !== '.' && part !== '..' && !/^[A-Za-z]:$/.test(part));
  return parts.join('/') + (stats.isDirectory() ? '/' : '');
}

/** What is in a file. */
export async function* read(file: LocalFile, onData: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of createReadStream(file.path, { highWaterMark: 1024 * 1024 })) {
    onData((chunk as Buffer).length);
    yield chunk as Buffer;
  }
}
