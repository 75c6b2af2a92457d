import * as fs from 'node:fs/promises';
import type { ProcessIdentity } from './identity';
import { temporaryName } from './temporary';

/** Gives a file a second name, and says whether that name was free. */
export async function linked(from: string, to: string): Promise<boolean> {
  try {
    await fs.link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Who holds a lock; undefined where nobody does. */
export async function ownerOf(file: string): Promise<ProcessIdentity | 'damaged' | undefined> {
  try {
    return JSON.parse(await fs.readFile(file, 'utf8')) as ProcessIdentity;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : 'damaged';
  }
}

/** Moves a dead lock aside; where another process was faster and the lock is alive again, it is put back. */
export async function takeAway(file: string, dead: ProcessIdentity | 'damaged'): Promise<void> {
  const aside = temporaryName(file);
  try {
    await fs.rename(file, aside);
  } catch {
    return;
  }
  const moved = await ownerOf(aside);
  if (JSON.stringify(moved) !== JSON.stringify(dead)) await linked(aside, file);
  await fs.rm(aside, { force: true });
}
