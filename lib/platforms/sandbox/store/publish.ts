import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';

/**
 * Makes a file or folder of the cache: under a temporary name beside it, and then all at once. When another process made
 * it meanwhile, that one stays: equal names mean equal content.
 */
export async function publish(
  target: string,
  make: (temporary: string) => Promise<void>,
  remove: (dir: string) => Promise<void> = removeTree,
): Promise<void> {
  await fs.mkdir(path.dirname(target), { recursive: true });
  const temporary = `${target}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await make(temporary);
    await fs.rename(temporary, target);
  } catch (error) {
    await remove(temporary);
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

function removeTree(dir: string): Promise<void> {
  return fs.rm(dir, { recursive: true, force: true });
}
