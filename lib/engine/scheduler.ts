import { GoldsmithError } from '../errors';
import { findCycle } from '../plan/graph';

/** How a node ended, as the scheduler needs to know it. */
export type Outcome = 'succeeded' | 'failed' | 'cancelled';

/** A node, as the scheduler sees it: it never looks inside. */
export interface Schedulable {
  readonly id: string;
  /** Must have succeeded. */
  readonly dependsOn: readonly string[];
  /** Must have ended, however. */
  readonly after?: readonly string[] | undefined;
  /** Which pool limits it. */
  readonly pool?: string | undefined;
}

/** Options of {@link schedule}. */
export interface ScheduleOptions<T extends Schedulable> {
  /** Runs a node. Never rejects: how it ended is its value. */
  run(node: T): Promise<Outcome>;
  /** Called for a node that does not run: `because` are the nodes that failed, none where the run was cancelled. */
  skipped(node: T, because: readonly string[]): void;
  /** How many run at once; 0 for no limit. */
  readonly parallel: number;
  /** How many of a pool run at once; a pool that is not named has no limit of its own, nor has one of 0. */
  readonly pools?: Readonly<Record<string, number>>;
  /** When it is aborted nothing more is started; what runs is waited for. */
  readonly signal: AbortSignal;
}

interface Entry<T> {
  readonly node: T;
  waitsFor: number;
  readonly dependants: { readonly entry: Entry<T>; readonly hard: boolean }[];
  readonly failed: string[];
}

/**
 * Runs a graph: each node when what it depends on has succeeded. A failure skips only what depends on it; the rest goes on. Ready
 * nodes start in the order of the plan. Resolves when everything has ended.
 *
 * @throws GoldsmithError DEPENDENCY_CYCLE where nodes wait for each other
 */
export async function schedule<T extends Schedulable>(nodes: readonly T[], options: ScheduleOptions<T>): Promise<void> {
  const entries = link(nodes);
  const ready = new ReadyQueues<T>(options.pools ?? {}, options.parallel);
  let unfinished = entries.length;

  let running = 0;

  await new Promise<void>((resolve, reject) => {
    const settle = (first: Entry<T>, outcome: Outcome): void => {
      // A list instead of recursion: a chain of skipped nodes can be longer than the call stack is deep.
      const ended: { entry: Entry<T>; succeeded: boolean }[] = [{ entry: first, succeeded: outcome === 'succeeded' }];
      for (let item = ended.pop(); item; item = ended.pop()) {
        unfinished -= 1;
        for (const { entry, hard } of item.entry.dependants) {
          entry.waitsFor -= 1;
          if (hard && !item.succeeded) entry.failed.push(item.entry.node.id);
          if (entry.waitsFor > 0) continue;
          if (entry.failed.length > 0) {
            options.skipped(entry.node, options.signal.aborted ? [] : entry.failed);
            ended.push({ entry, succeeded: false });
          } else ready.add(entry);
        }
      }
    };
    const start = (): void => {
      for (let entry = ready.next(); entry; entry = ready.next()) {
        const current = entry;
        if (options.signal.aborted) {
          options.skipped(current.node, []);
          ready.leave(current.node);
          settle(current, 'cancelled');
        } else {
          running += 1;
          void options.run(current.node).then((outcome) => {
            running -= 1;
            ready.leave(current.node);
            settle(current, outcome);
            start();
          });
        }
      }
      if (unfinished === 0) resolve();
      else if (running === 0) reject(stuck(entries));
    };
    for (const entry of entries) if (entry.waitsFor === 0) ready.add(entry);
    start();
  });
}

function stuck<T extends Schedulable>(entries: readonly Entry<T>[]): GoldsmithError {
  const cycle = findCycle(entries.map(({ node }) => node)) ?? [];
  return new GoldsmithError('DEPENDENCY_CYCLE', `nodes depend on each other in a circle: ${cycle.join(' → ')}`);
}

function link<T extends Schedulable>(nodes: readonly T[]): readonly Entry<T>[] {
  const entries = nodes.map((node): Entry<T> => ({ node, waitsFor: 0, dependants: [], failed: [] }));
  const byId = new Map(entries.map((entry) => [entry.node.id, entry]));
  for (const entry of entries) {
    const hard = new Set(entry.node.dependsOn);
    const soft = (entry.node.after ?? []).filter((id) => !hard.has(id));
    for (const [ids, isHard] of [[hard, true] as const, [soft, false] as const]) {
      for (const id of ids) {
        const target = byId.get(id);
        if (!target) continue;
        target.dependants.push({ entry, hard: isHard });
        entry.waitsFor += 1;
      }
    }
  }
  return entries;
}

interface Queue<T> {
  readonly items: Entry<T>[];
  head: number;
  free: number;
}

/** Nodes that could run, one queue a pool, and how many places are free. */
class ReadyQueues<T extends Schedulable> {
  private readonly queues = new Map<string, Queue<T>>();
  private free: number;

  constructor(
    private readonly limits: Readonly<Record<string, number>>,
    parallel: number,
  ) {
    this.free = limitOf(parallel);
  }

  add(entry: Entry<T>): void {
    this.queue(entry.node).items.push(entry);
  }

  /** The next node that may start; its place is taken until {@link leave}. */
  next(): Entry<T> | undefined {
    if (this.free <= 0) return undefined;
    for (const queue of this.queues.values()) {
      const entry = queue.items[queue.head];
      if (!entry || queue.free <= 0) continue;
      queue.head += 1;
      // Give back memory now and then: shifting an array on every node would cost more the longer it is.
      if (queue.head > 1024 && queue.head * 2 > queue.items.length) {
        queue.items.splice(0, queue.head);
        queue.head = 0;
      }
      queue.free -= 1;
      this.free -= 1;
      return entry;
    }
    return undefined;
  }

  leave(node: T): void {
    this.queue(node).free += 1;
    this.free += 1;
  }

  private queue(node: T): Queue<T> {
    const name = node.pool ?? '';
    let queue = this.queues.get(name);
    if (!queue) this.queues.set(name, (queue = { items: [], head: 0, free: limitOf(this.limits[name]) }));
    return queue;
  }
}

function limitOf(places: number | undefined): number {
  return places !== undefined && places > 0 ? places : Number.POSITIVE_INFINITY;
}
