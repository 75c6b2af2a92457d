import { messageOf } from '../errors';
import type { Json } from '../plan/json';
import type { BuildNode } from '../plan/schema';
import type { BuildKeys } from './keys';
import type { Services } from './services';

/** How many versions of an image keep their checkpoints: enough to go back and forth between two variants of a program. */
const GENERATIONS = 3;

/**
 * Deletes the checkpoints of a build's older versions. Without it every edit would leave some behind for ever. One that cannot be
 * deleted now is tried again after the next build.
 */
export async function dropOldCheckpoints(node: BuildNode, keys: BuildKeys, services: Services): Promise<void> {
  const index = `chains/${encodeURIComponent(services.run.app)}/${node.id}`;
  const known = ((await services.store.get(index))?.value ?? []) as unknown as readonly (readonly string[])[];
  const current = [...new Set(keys.steps)];
  const same = (chain: readonly string[]): boolean => chain.at(-1) === current.at(-1);
  const chains = [current, ...known.filter((chain) => !same(chain))];
  const kept = chains.slice(0, GENERATIONS);
  const wanted = new Set(kept.flat());
  const failed: string[] = [];
  for (const key of new Set(chains.slice(GENERATIONS).flat())) {
    if (!wanted.has(key) && !(await drop(key, node, services))) failed.push(key);
  }
  const value = failed.length > 0 ? [...kept, failed] : kept;
  if (JSON.stringify(value) !== JSON.stringify(known)) await services.store.put(index, value as unknown as Json);
}

async function drop(key: string, node: BuildNode, services: Services): Promise<boolean> {
  const record = await services.catalog.checkpoint(key);
  if (!record) return true;
  try {
    // Forgotten first: a checkpoint that is half deleted must not be found.
    await services.catalog.forgetCheckpoint(key);
    for (const resource of record.checkpoint.resources)
      await services.destroy(resource, node.id, services.cleanupSignal);
    return true;
  } catch (error) {
    await services.catalog.recordCheckpoint(record);
    services.emit({
      type: 'message',
      level: 'warning',
      node: node.id,
      text: `an old checkpoint could not be deleted: ${messageOf(error)}`,
    });
    return false;
  }
}
