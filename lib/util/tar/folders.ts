import * as fs from 'node:fs/promises';
import * as path from 'node:path';

/** A name relative to a folder; undefined where it would lead out of it. */
export function insideName(name: string): string | undefined {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? undefined : parts.join('/');
}

/** Folders below a root, made where they are missing; a link in the way is replaced, never followed. */
export class Folders {
  private readonly known = new Set<string>();

  constructor(private readonly root: string) {}

  /** Makes a folder and those above it. */
  async ensure(name: string): Promise<void> {
    if (name === '' || name === '.') {
      await fs.mkdir(this.root, { recursive: true });
      return;
    }
    if (this.known.has(name)) return;
    await this.ensure(path.posix.dirname(name));
    const folder = path.join(this.root, name);
    const stat = await fs.lstat(folder).catch(() => undefined);
    if (!stat?.isDirectory()) {
      await fs.rm(folder, { recursive: true, force: true });
      await fs.mkdir(folder);
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
