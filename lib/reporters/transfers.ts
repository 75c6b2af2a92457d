/** How far something long has come, such as a download. */
export interface Transfer {
  readonly label: string;
  readonly current: number;
  readonly total?: number | undefined;
  readonly unit: 'bytes' | 'items';
  /** Units per second over the last seconds; undefined until it can be told. */
  readonly rate?: number | undefined;
}

/** Milliseconds that a rate looks back. */
const WINDOW = 5000;
/** A rate over less time than this says nothing. */
const SHORTEST = 250;

interface Sample {
  readonly time: number;
  readonly current: number;
}

interface Running {
  transfer: Transfer;
  samples: Sample[];
}

/** The transfers of one step, by label, each with its rate. */
export class Transfers {
  private readonly running = new Map<string, Running>();

  /** Takes note of a progress event. */
  update(progress: Omit<Transfer, 'rate'>, time: number): void {
    const before = this.running.get(progress.label);
    // A retry starts again from less: what was before says nothing of its rate.
    const samples = before && before.transfer.current <= progress.current ? before.samples : [];
    samples.push({ time, current: progress.current });
    while (samples.length > 2 && time - samples[1]!.time >= WINDOW) samples.shift();
    this.running.set(progress.label, { transfer: { ...progress, rate: rateOf(samples) }, samples });
  }

  /** Those under way, in the order in which they began. */
  get unfinished(): readonly Transfer[] {
    return this.all.filter(({ current, total }) => total === undefined || current < total);
  }

  /** All of them. */
  get all(): readonly Transfer[] {
    return [...this.running.values()].map(({ transfer }) => transfer);
  }

  clear(): void {
    this.running.clear();
  }
}

function rateOf(samples: readonly Sample[]): number | undefined {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || last.time - first.time < SHORTEST) return undefined;
  return ((last.current - first.current) * 1000) / (last.time - first.time);
}
