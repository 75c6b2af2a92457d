import type { CommitConfig } from './image-config';
import type { Engine } from './engine';
import type { MachineData } from './machine';
import { isOwnReference } from './names';

/** An image to make of a container. */
export interface SnapshotRequest extends CommitConfig {
  readonly reference: string;
  readonly author?: string | undefined;
  readonly comment?: string | undefined;
}

/** Processes of a container in which nothing runs but goldsmith's own: the shell and its `sleep`. */
const IDLE = 2;

/**
 * Commits a container. Pausing it meanwhile costs 30 ms, and is needed only where a step has left something running that could
 * write: the engine is asked for that at the same time, and the commit is repeated with a pause where it must be.
 *
 * @param whenIdle called as soon as it is known that nothing else runs; awaited
 */
export async function snapshot(
  engine: Engine,
  { id, waits }: MachineData,
  { reference, config, changes, author, comment }: SnapshotRequest,
  whenIdle: () => Promise<void> = async () => undefined,
): Promise<string> {
  const colon = reference.lastIndexOf(':');
  const request = {
    repo: reference.slice(0, colon),
    tag: reference.slice(colon + 1),
    config,
    changes,
    author,
    comment,
  };
  const commit = (pause: boolean): Promise<string> => engine.commit(id, { ...request, pause });
  if (!waits) return commit(true);
  const idle = isIdle(engine, id);
  const [committed, wasIdle] = await Promise.allSettled([
    commit(false),
    idle,
    idle.then((yes) => (yes ? whenIdle() : undefined)),
  ]);
  if (committed.status === 'rejected') throw committed.reason;
  const first = committed.value;
  if (wasIdle.status === 'fulfilled' && wasIdle.value) return first;
  const second = await commit(true);
  // The name has moved on, so the first is nobody's.
  if (second !== first && isOwnReference(reference)) await engine.removeImage(first, false).catch(() => undefined);
  return second;
}

async function isIdle(engine: Engine, id: string): Promise<boolean> {
  return engine.processes(id).then(
    (count) => count <= IDLE,
    () => false,
  );
}
