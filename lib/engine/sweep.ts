import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { isAlive } from '../util/identity';
import { ownerOf, takeAway } from '../util/lock-owner';
import { isAbandoned, isTemporary } from '../util/temporary';
import { LOCK_FILE } from './lock-file';

/**
 * Deletes what processes that died were just writing, and the locks that they held: in the state folder, and beside the lock file.
 *
 * @param deep also in the store, which may be large: where a run is known to have died
 */
export async function sweep(stateDir: string, projectDir: string, deep: boolean): Promise<void> {
  await sweepLocks(path.join(stateDir, 'locks'), () => true);
  await sweepLocks(
    projectDir,
    (name) => name === `${LOCK_FILE}.lock` || (name.startsWith(LOCK_FILE) && isTemporary(name)),
  );
  await sweepFolder(path.join(stateDir, 'runs'), false);
  if (deep) await sweepFolder(path.join(stateDir, 'store'), true);
}

async function sweepLocks(dir: string, isOurs: (name: string) => boolean): Promise<void> {
  for (const name of await fs.readdir(dir).catch(() => [])) {
    if (!isOurs(name)) continue;
    const file = path.join(dir, name);
    if (isTemporary(name)) await dropAbandoned(file);
    else await dropLock(file);
  }
}

async function dropLock(file: string): Promise<void> {
  const owner = await ownerOf(file);
  if (owner !== undefined && (owner === 'damaged' || !isAlive(owner))) await takeAway(file, owner);
}

async function sweepFolder(dir: string, deep: boolean): Promise<void> {
  for (const entry of await fs.readdir(dir, { withFileTypes: true }).catch(() => [])) {
    const file = path.join(dir, entry.name);
    if (isTemporary(entry.name)) await dropAbandoned(file);
    else if (deep && entry.isDirectory()) await sweepFolder(file, true);
    else if (deep && entry.name.endsWith('.lock')) await dropLock(file);
  }
}

async function dropAbandoned(file: string): Promise<void> {
  if (isAbandoned(file)) await fs.rm(file, { recursive: true, force: true });
}
