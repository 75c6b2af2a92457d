import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GoldsmithError } from '../errors';
import type { TransferOptions } from '../extension/communicator';

/** Copies a file, or bytes, to exactly `target`: through a temporary name, so that no half of it is ever there. */
export async function copyFile(
  source: string | Uint8Array,
  target: string,
  options: TransferOptions & { readonly mode?: number },
): Promise<void> {
  const mode = options.mode ?? (typeof source === 'string' ? (await fs.stat(source)).mode & 0o7777 : 0o644);
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.${randomBytes(6).toString('hex')}`);
  try {
    const size = typeof source === 'string' ? (await fs.stat(source)).size : source.length;
    let current = 0;
    const count = async function* (chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
      for await (const chunk of chunks) {
        current += chunk.length;
        options.onProgress?.({ label: `copy ${path.basename(target)}`, current, total: size, unit: 'bytes' });
        yield chunk;
      }
    };
    const input = typeof source === 'string' ? createReadStream(source) : Readable.from([Buffer.from(source)]);
    await pipeline(input, count, createWriteStream(temporary, { flags: 'wx', mode: 0o600 }), {
      signal: options.signal,
    });
    await fs.chmod(temporary, mode);
    await fs.rename(temporary, target);
  } catch (error) {
    await fs.rm(temporary, { force: true });
    options.signal.throwIfAborted();
    throw error;
  }
}

/** Copies what is in a folder into another one, which is made where it is missing. Modes and symlinks are kept. */
export async function copyTree(source: string, target: string, options: TransferOptions): Promise<void> {
  if (`${path.resolve(target)}/`.startsWith(`${path.resolve(source)}/`)) {
    throw new GoldsmithError('TRANSFER_FAILED', `${source} cannot be copied into itself (${target})`);
  }
  await fs.mkdir(target, { recursive: true });
  for (const entry of await fs.readdir(source, { withFileTypes: true })) {
    options.signal.throwIfAborted();
    const from = path.join(source, entry.name);
    const to = path.join(target, entry.name);
    if (entry.isDirectory()) {
      await copyTree(from, to, options);
      await fs.chmod(to, (await fs.stat(from)).mode & 0o7777);
    } else if (entry.isSymbolicLink()) {
      await fs.rm(to, { force: true });
      await fs.symlink(await fs.readlink(from), to);
    } else if (entry.isFile()) {
      await copyFile(from, to, options);
    }
  }
}
