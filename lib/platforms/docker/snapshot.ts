import type { CommitConfig } from './image-config';
import type { Engine } from './engine';
import type { MachineData } from './machine';
import { creating } from './lost';
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
  const commit = (pause: boolean): Promise<string> =>
    creating(engine, reference, () => engine.commit(id, { ...request, pause }));
  if (!waits) return commit(true);
  const idle = isIdle(engine, id);
  const [committed, wasIdle] = await Promise.allSettled([
    commit(false),
    idle,
    idle.then((yes) => (yes ? whenIdle() : undefined)),
  ]);
  if (committed.status === 'rejected') throw committed.reason;
  if (wasIdle.status === 'fulfilled' && wasIdle.value) return committed.value;
  // Before the name moves on: whatever dies after that could not find it.
  if (isOwnReference(reference)) await engine.removeImage(reference, false).catch(() => undefined);
  return commit(true);
}

async function isIdle(engine: Engine, id: string): Promise<boolean> {
  return engine.processes(id).then(
    (count) => count <= IDLE,
    () => false,
  );
}
