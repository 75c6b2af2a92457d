import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { digestOf } from '../plan/digest';
import type { Json } from '../plan/json';
import { readIfThere, writeAtomically } from '../util/atomic';
import { lockFile } from '../util/file-lock';
import { encodePart } from './encode';
import type { Store, Stored } from './store';

/** A store of files, one a key: `a/b` is `<dir>/a/b.json`. */
export class FileStore implements Store {
  constructor(private readonly dir: string) {}

  /** Reads one value. A damaged file counts as absent: everything in the store can be made again. */
  async get(key: string): Promise<Stored | undefined> {
    const text = await readIfThere(this.file(key));
    if (text === undefined) return undefined;
    try {
      const value = JSON.parse(text) as Json;
      return { value, revision: digestOf(value) };
    } catch {
      return undefined;
    }
  }

  /** Writes one value. */
  async put(key: string, value: Json, condition?: 'absent' | { readonly revision: string }): Promise<boolean> {
    const file = this.file(key);
    const write = async (): Promise<true> => {
      await writeAtomically(file, JSON.stringify(value));
      return true;
    };
    if (condition === undefined) return write();
    const release = await lockFile(`${file}.lock`, {
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    });
    try {
      const current = await this.get(key);
      if (condition === 'absent' ? current !== undefined : current?.revision !== condition.revision) return false;
      return await write();
    } finally {
      await release();
    }
  }

  /** Lists keys. */
  async list(prefix: string): Promise<readonly string[]> {
    const folder = prefix.split('/').slice(0, -1).map(escape).join('/');
    const keys = (await this.walk(folder)).map(unescape);
    return keys.filter((key) => key.startsWith(prefix)).sort();
  }

  /** Deletes one value. */
  async delete(key: string): Promise<void> {
    await fs.rm(this.file(key), { force: true });
  }

  /** Files with values below a folder, relative to the store and without their ending. */
  private async walk(folder: string): Promise<string[]> {
    const entries = await fs.readdir(path.join(this.dir, folder), { withFileTypes: true }).catch(() => []);
    const files: string[] = [];
    for (const entry of entries) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) files.push(...(await this.walk(name)));
      else if (name.endsWith('.json')) files.push(name.slice(0, -'.json'.length));
    }
    return files;
  }

  private file(key: string): string {
    return `${path.join(this.dir, ...key.split('/').map(escape))}.json`;
  }
}

/** File systems take names of up to 255 bytes, of which endings and temporary names need some. */
const LONGEST = 150;

/**
 * A part of a key as a file name; dots too, so that no part leads out of the folder. What is too long for one name goes on in a folder
 * whose name ends with `+`, which stands nowhere else.
 */
function escape(part: string): string {
  const encoded = encodePart(part).replace(/\./g, '%2E').replace(/\*/g, '%2A');
  return encoded.replace(new RegExp(`.{${LONGEST}}(?=.)`, 'g'), '$&+/');
}

function unescape(file: string): string {
  return file.replaceAll('+/', '').split('/').map(decodeURIComponent).join('/');
}
