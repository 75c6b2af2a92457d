import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { isAlive, ownIdentity, type ProcessIdentity } from './identity';

/** How {@link lockFile} waits: it must end at some time, so the caller's sleep may throw. */
export interface LockOptions {
  sleep(milliseconds: number): Promise<void>;
  /** Called once when the lock is held by somebody who is alive. */
  onWait?(owner: ProcessIdentity): void;
}

/**
 * Holds a lock between processes until the returned function is called. The lock of a process that died is taken over.
 */
export async function lockFile(file: string, options: LockOptions): Promise<() => Promise<void>> {
  await fs.mkdir(path.dirname(file), { recursive: true });
  const mine = JSON.stringify({ ...ownIdentity(), nonce: randomBytes(6).toString('hex') });
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  await fs.writeFile(temporary, mine);
  try {
    for (let wait = 10, told = false; ; wait = Math.min(wait * 2, 250)) {
      // A link appears with its content, which a file that is created and then written does not.
      if (await linked(temporary, file)) return () => release(file, mine);
      const owner = await read(file);
      if (owner === undefined) continue;
      if (owner === 'damaged' || !isAlive(owner)) {
        await takeAway(file, owner);
        continue;
      }
      if (!told) options.onWait?.(owner);
      told = true;
      await options.sleep(wait);
    }
  } finally {
    await fs.rm(temporary, { force: true });
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await fs.link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function read(file: string): Promise<ProcessIdentity | 'damaged' | undefined> {
  try {
    return JSON.parse(await fs.readFile(file, 'utf8')) as ProcessIdentity;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : 'damaged';
  }
}

/** Moves a dead lock aside; where another process was faster and the lock is alive again, it is put back. */
async function takeAway(file: string, dead: ProcessIdentity | 'damaged'): Promise<void> {
  const aside = `${file}.${randomBytes(6).toString('hex')}.dead`;
  try {
    await fs.rename(file, aside);
  } catch {
    return;
  }
  const moved = await read(aside);
  if (JSON.stringify(moved) !== JSON.stringify(dead)) await linked(aside, file);
  await fs.rm(aside, { force: true });
}

async function release(file: string, mine: string): Promise<void> {
  const text = await fs.readFile(file, 'utf8').catch(() => undefined);
  if (text === mine) await fs.rm(file, { force: true });
}
