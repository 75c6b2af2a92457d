import type { Clock } from '../extension/context';

/** A clock that a test moves: nothing that waits by it takes any real time. */
export interface VirtualClock extends Clock {
  /** Milliseconds until each sleep that goes on ends, shortest first. */
  readonly sleeping: readonly number[];
  /** How long each sleep so far was asked to be, in the order in which they began. */
  readonly slept: readonly number[];
  /** Moves the time on. Sleeps that end on the way resolve in the order of their ends, each before the next one does. */
  advance(milliseconds: number): Promise<void>;
  /** Waits until somebody sleeps, then moves the time on to the end of the shortest sleep. Returns by how much. */
  next(): Promise<number>;
  /**
   * Does {@link next} until `work` is settled: for retries and polls. Not for work with a timeout beside it, which would end by
   * that at once.
   */
  drive<T>(work: Promise<T>): Promise<T>;
}

interface Sleeper {
  readonly until: number;
  wake(): void;
}

/** A clock that stands still until it is told to move. */
export function virtualClock(options: { readonly now?: number } = {}): VirtualClock {
  return new StandingClock(options.now ?? Date.UTC(2026, 0, 2, 3, 4, 5));
}

class StandingClock implements VirtualClock {
  readonly slept: number[] = [];
  private sleepers: Sleeper[] = [];
  private watchers: (() => void)[] = [];

  constructor(private time: number) {}

  now(): number {
    return this.time;
  }

  get sleeping(): readonly number[] {
    return this.sleepers.map(({ until }) => until - this.time).sort((a, b) => a - b);
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    this.slept.push(milliseconds);
    if (milliseconds <= 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.sleepers = this.sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason as Error);
      };
      const sleeper: Sleeper = {
        until: this.time + milliseconds,
        wake: () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        },
      };
      signal?.addEventListener('abort', stop, { once: true });
      this.sleepers.push(sleeper);
      for (const watcher of this.watchers.splice(0)) watcher();
    });
  }

  async advance(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    await turn();
    for (let first = this.first(); first && first.until <= end; first = this.first()) {
      this.time = first.until;
      this.sleepers = this.sleepers.filter((other) => other !== first);
      first.wake();
      await turn();
    }
    this.time = end;
  }

  async next(): Promise<number> {
    while (this.sleepers.length === 0) await this.somebody();
    await turn();
    const wait = this.sleeping[0];
    if (wait === undefined) return this.next();
    await this.advance(wait);
    return wait;
  }

  async drive<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const end = work.then(
      () => (settled = true),
      () => (settled = true),
    );
    while (!settled) {
      if (this.sleepers.length === 0) await Promise.race([end, this.somebody()]);
      else await this.next();
    }
    return work;
  }

  private first(): Sleeper | undefined {
    return this.sleepers.reduce<Sleeper | undefined>(
      (best, sleeper) => (best === undefined || sleeper.until < best.until ? sleeper : best),
      undefined,
    );
  }

  private somebody(): Promise<void> {
    return new Promise((resolve) => this.watchers.push(resolve));
  }
}

/** Lets everything that was woken run on as far as it can. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
