import { messageOf } from '../errors';
import type { CheckpointRecord } from '../catalog/catalog';
import { encodePart } from '../catalog/encode';
import type { Json } from '../plan/json';
import type { BuildNode } from '../plan/schema';
import type { BuildKeys } from './keys';
import { discard } from './discard';
import type { Services } from './services';

/** How many versions of an image keep their checkpoints: enough to go back and forth between two variants of a program. */
const GENERATIONS = 3;

/**
 * Deletes the checkpoints of a build's older versions. Without it every edit would leave some behind for ever. One that cannot be
 * deleted now is tried again after the next build.
 */
export async function dropOldCheckpoints(node: BuildNode, keys: BuildKeys, services: Services): Promise<void> {
  const index = `chains/${encodePart(services.run.app)}/${node.id}`;
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

/**
 * Records a checkpoint, and deletes the one that was there under the same key: of a forced build, or of another image that began
 * with the same steps.
 *
 * @param commit called when it is recorded
 */
export async function replaceCheckpoint(
  record: CheckpointRecord,
  services: Services,
  commit: () => Promise<void>,
): Promise<void> {
  const put = async (): Promise<void> => {
    await services.catalog.recordCheckpoint(record);
    await commit();
  };
  const old = await services.catalog.checkpoint(record.key);
  if (!old) return put();
  let recorded = false;
  try {
    await discard(old.checkpoint.resources, record.node, services, () => put().then(() => (recorded = true)));
  } catch (error) {
    if (!recorded) throw error;
    const [first] = old.checkpoint.resources;
    const { kind, id, token } = first!;
    services.left.push({ kind, id: id ?? token, node: record.node, why: 'leaked', detail: messageOf(error) });
  }
}

async function drop(key: string, node: BuildNode, services: Services): Promise<boolean> {
  const record = await services.catalog.checkpoint(key);
  if (!record) return true;
  try {
    await discard(record.checkpoint.resources, node.id, services, () => services.catalog.forgetCheckpoint(key));
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
