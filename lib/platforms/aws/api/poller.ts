import type { Image, Instance, Snapshot, Volume } from '@aws-sdk/client-ec2';
import { GoldsmithError } from '../../../errors';
import type { Clock } from '../../../extension/context';
import type { Api } from './api';

/** What can be waited for. */
interface Seen {
  readonly instance: Instance;
  readonly image: Image;
  readonly snapshot: Snapshot;
  readonly volume: Volume;
}

/** How it is waited. */
export interface Wait<K extends keyof Seen, T> {
  readonly kind: K;
  readonly id: string;
  /** In words, such as `the instance i-1 to run`. */
  readonly what: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** The longest pause between two looks, in milliseconds; 5 seconds where it is not given. */
  readonly pause?: number | undefined;
  /** The answer where it is as wanted, undefined where that will come. Throws where it will not. */
  done(seen: Seen[K]): T | undefined;
}

interface Entry {
  readonly id: string;
  readonly since: number;
  readonly end: number;
  readonly pause: number;
  readonly wait: Wait<keyof Seen, unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** What it was when it was looked at last, in AWS's words. */
  state: string;
}

/** First pause, in milliseconds. It grows with the time that was waited: what takes minutes is not asked for each second. */
const SHORTEST = 400;
const LONGEST = 5_000;
/** Values that a filter takes at most: docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html. */
const VALUES = 200;

/**
 * Waits for all builds of an account and region together: however many wait, one call each time says how all of them are. It asks by
 * filter, for a list of ids is refused as a whole where one of them is not known yet.
 */
export class Poller {
  private readonly entries = new Map<keyof Seen, Set<Entry>>();
  private readonly running = new Set<keyof Seen>();
  private readonly wakeups = new Map<keyof Seen, AbortController>();

  constructor(
    private readonly api: Pick<Api, 'call'>,
    private readonly clock: Clock,
  ) {}

  /** Resolves when what is waited for has come. */
  until<K extends keyof Seen, T>(wait: Wait<K, T>): Promise<T> {
    wait.signal.throwIfAborted();
    return new Promise<T>((resolve, reject) => {
      const now = this.clock.now();
      const all = this.entries.get(wait.kind) ?? new Set();
      this.entries.set(wait.kind, all);
      const entry: Entry = {
        id: wait.id,
        since: now,
        end: now + wait.timeout,
        pause: wait.pause ?? LONGEST,
        wait: wait as unknown as Wait<keyof Seen, unknown>,
        resolve: (value) => {
          wait.signal.removeEventListener('abort', cancel);
          resolve(value as T);
        },
        reject: (error) => {
          wait.signal.removeEventListener('abort', cancel);
          reject(error as Error);
        },
        state: 'not seen',
      };
      const cancel = (): void => {
        all.delete(entry);
        reject(wait.signal.reason as Error);
        this.wakeups.get(wait.kind)?.abort();
      };
      wait.signal.addEventListener('abort', cancel, { once: true });
      all.add(entry);
      if (this.running.has(wait.kind)) this.wakeups.get(wait.kind)?.abort();
      else void this.run(wait.kind, all);
    });
  }

  private async run(kind: keyof Seen, all: Set<Entry>): Promise<void> {
    this.running.add(kind);
    try {
      for (;;) {
        await this.pause(kind, all);
        if (all.size === 0) return;
        await this.look(kind, all);
      }
    } finally {
      this.running.delete(kind);
    }
  }

  /** Until the first of them is due. A newcomer is due soon, so it ends the pause and a new one begins. */
  private async pause(kind: keyof Seen, all: Set<Entry>): Promise<void> {
    const from = this.clock.now();
    while (all.size > 0) {
      const now = this.clock.now();
      const due = Math.min(...[...all].map((entry) => dueAfter(entry, from)));
      if (now >= due) return;
      const wakeup = new AbortController();
      this.wakeups.set(kind, wakeup);
      await this.clock.sleep(due - now, wakeup.signal).catch(() => undefined);
    }
  }

  private async look(kind: keyof Seen, all: Set<Entry>): Promise<void> {
    const asked = [...all];
    const ids = [...new Set(asked.map(({ id }) => id))];
    const found = new Map<string, Seen[keyof Seen]>();
    try {
      for (let start = 0; start < ids.length; start += VALUES) {
        for (const [id, one] of await this.describe(kind, ids.slice(start, start + VALUES))) found.set(id, one);
      }
    } catch (error) {
      for (const entry of asked) if (all.delete(entry)) entry.reject(error);
      return;
    }
    for (const entry of asked) {
      if (!all.has(entry)) continue;
      try {
        const seen = found.get(entry.id);
        if (seen) entry.state = stateOf(seen);
        const answer = seen && entry.wait.done(seen);
        if (answer === undefined && this.clock.now() < entry.end) continue;
        all.delete(entry);
        if (answer === undefined) entry.reject(tooLate(entry));
        else entry.resolve(answer);
      } catch (error) {
        all.delete(entry);
        entry.reject(error);
      }
    }
  }

  private async describe(kind: keyof Seen, ids: string[]): Promise<[string, Seen[keyof Seen]][]> {
    const Filters = [{ Name: `${kind}-id`, Values: ids }];
    if (kind === 'instance') {
      const { Reservations = [] } = await this.api.call('ec2:DescribeInstances', { Filters });
      return Reservations.flatMap(({ Instances = [] }) => Instances.map((one) => [one.InstanceId!, one] as const)).map(
        ([id, one]) => [id, one],
      );
    }
    if (kind === 'image') {
      const { Images = [] } = await this.api.call('ec2:DescribeImages', { Filters });
      return Images.map((one) => [one.ImageId!, one]);
    }
    if (kind === 'volume') {
      const { Volumes = [] } = await this.api.call('ec2:DescribeVolumes', { Filters });
      return Volumes.map((one) => [one.VolumeId!, one]);
    }
    const { Snapshots = [] } = await this.api.call('ec2:DescribeSnapshots', { Filters });
    return Snapshots.map((one) => [one.SnapshotId!, one]);
  }
}

function dueAfter({ since, pause }: Entry, looked: number): number {
  const from = Math.max(since, looked);
  return from + Math.min(Math.max((from - since) / 2, SHORTEST), pause);
}

function stateOf(seen: Seen[keyof Seen]): string {
  const { State } = seen;
  return (typeof State === 'string' ? State : State?.Name) ?? 'unknown';
}

function tooLate({ wait, state }: Entry): GoldsmithError {
  const seconds = Math.round(wait.timeout / 1000);
  return new GoldsmithError('STEP_TIMEOUT', `waited ${seconds} s for ${wait.what}; it is \`${state}\``);
}
