import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { isAlive, ownIdentity, type ProcessIdentity } from './identity';
import { linked, ownerOf, takeAway } from './lock-owner';
import { temporaryName } from './temporary';

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
  const temporary = temporaryName(file);
  try {
    await fs.writeFile(temporary, mine);
    for (let wait = 10, told = false; ; wait = Math.min(wait * 2, 250)) {
      // A link appears with its content, which a file that is created and then written does not.
      if (await linked(temporary, file)) return () => release(file, mine);
      const owner = await ownerOf(file);
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

async function release(file: string, mine: string): Promise<void> {
  const text = await fs.readFile(file, 'utf8').catch(() => undefined);
  if (text === mine) await fs.rm(file, { force: true });
}
