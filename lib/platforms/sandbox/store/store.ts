import { createReadStream, createWriteStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { GoldsmithError } from '../../../errors';
import type { ResourceRecord } from '../../../extension/artifact';
import type { RunContext } from '../../../extension/context';
import { sha256 } from '../../../plan/digest';
import { readIfThere, writeAtomically } from '../../../util/atomic';
import { explainErrno } from '../../../util/errno';
import { hashing } from './hashing';
import { publish } from './publish';

/**
 * Where the sandbox keeps things, below the state folder:
 *
 * - `machines/ID` and `layers/ID` are created through the journal, and deleted through it;
 * - `cache/` holds what is known by its content: blobs of images, layers unpacked, the toolbox. Nothing there is
 *   ever changed; what is missing is made again; what was not used for long is deleted.
 */
export class Store {
  readonly root: string;

  constructor(stateDir: string) {
    this.root = path.join(stateDir, 'sandbox');
  }

  /** Makes the folder. It is nobody else's to look into: what is unpacked there may have programs with other rights. */
  async open(): Promise<void> {
    await fs.mkdir(this.root, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw explainErrno(error, 'making the folder of the sandbox');
    });
  }

  /** Folder of the cache. */
  get cache(): string {
    return path.join(this.root, 'cache');
  }

  private folder(kind: 'machines' | 'layers', id: string): string {
    return path.join(this.root, kind, id);
  }

  /** The folder that a record means: also one whose creation was begun, and its answer never came. */
  folderOf({ kind, token }: ResourceRecord): string {
    return this.folder(kind === 'sandbox:machine' ? 'machines' : 'layers', safeToken(token));
  }

  /** Where a blob is, whether or not it is there. */
  blobPath(digest: string): string {
    return path.join(this.cache, 'blobs', hexOf(digest));
  }

  /** Whether a blob is there. It counts as used. */
  async hasBlob(digest: string): Promise<boolean> {
    return touch(this.blobPath(digest));
  }

  /** The content of a blob. */
  readBlob(digest: string): AsyncIterable<Buffer> {
    return createReadStream(this.blobPath(digest), { highWaterMark: 1 << 18 });
  }

  /** A small blob as text. */
  async blobText(digest: string): Promise<string> {
    return fs.readFile(this.blobPath(digest), 'utf8');
  }

  /** Keeps a stream as a blob, under the digest that it turns out to have; an expected one must be met. */
  async addBlob(
    source: AsyncIterable<Uint8Array>,
    ctx: RunContext,
    expected?: string,
  ): Promise<{ digest: string; size: number }> {
    const hashed = hashing(source);
    const folder = path.join(this.cache, 'blobs');
    await fs.mkdir(folder, { recursive: true });
    const temporary = path.join(folder, `${process.pid}.${sha256(`${Math.random()}`).slice(0, 12)}.tmp`);
    try {
      await pipeline(hashed, createWriteStream(temporary, { flags: 'wx' }), { signal: ctx.signal });
      const digest = hashed.digest();
      if (expected !== undefined && digest !== expected) {
        throw new GoldsmithError(
          'TRANSFER_FAILED',
          `a layer came damaged: its digest is ${digest}, and ${expected} was asked for`,
          {
            hint: 'run it again; if it stays so, the registry or the archive is at fault',
          },
        );
      }
      await fs.rename(temporary, this.blobPath(digest));
      return { digest, size: hashed.size };
    } catch (error) {
      await fs.rm(temporary, { force: true });
      throw explainErrno(error, 'storing a layer');
    }
  }

  /** What an earlier import of the same thing gave. */
  async recall<T>(key: string): Promise<T | undefined> {
    const text = await readIfThere(this.importPath(key));
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  /** Remembers what an import gave. */
  async remember(key: string, value: object): Promise<void> {
    await writeAtomically(this.importPath(key), JSON.stringify(value));
  }

  /** Makes an entry of the cache, unless it is there. */
  async once(
    name: string,
    make: (temporary: string) => Promise<void>,
    remove?: (dir: string) => Promise<void>,
  ): Promise<string> {
    const target = path.join(this.cache, name);
    if (!(await touch(target))) await publish(target, make, remove);
    return target;
  }

  private importPath(key: string): string {
    return path.join(this.cache, 'imports', `${sha256(key)}.json`);
  }
}

/** A token as part of a file name. */
export function safeToken(token: string): string {
  return /^[A-Za-z0-9_.-]{1,100}$/.test(token) ? token : sha256(token).slice(0, 32);
}

/** The hexadecimal part of `sha256:…`. */
export function hexOf(digest: string): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined)
    throw new GoldsmithError('NOT_FOUND', `\`${digest}\` is no digest that is known here: only sha256 is`);
  return hex;
}

async function touch(file: string): Promise<boolean> {
  const now = new Date();
  return fs.utimes(file, now, now).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      // In a user namespace, a folder may belong to another id.
      if (error.code === 'EPERM' || error.code === 'EACCES') return true;
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
