import type { RunEvent } from '../engine/events';
import { formatBytes } from './units';

type ProgressEvent = RunEvent & { type: 'progress' };

interface Milestone {
  /** When a line was last worth printing; at first, when the transfer began. */
  readonly time: number;
  readonly percent: number;
  readonly current: number;
  readonly said: boolean;
  readonly done: boolean;
}

/** Milliseconds after which a line is due however little was done. */
const SLOW = 10_000;
/** Milliseconds that lie at least between two lines; what is over sooner gets no line at all. */
const FAST = 1000;
const PERCENT = 10;

/** Which of many progress events are worth a line: every 10 %, or every 10 s of the events' own time, and the end. */
export class Milestones {
  private readonly last = new Map<string, Milestone>();

  /** The line for an event; undefined where it is too soon for one. */
  next(event: ProgressEvent): string | undefined {
    const { time, current, total, label } = event;
    const key = JSON.stringify([event.node, event.step, label]);
    const percent = total !== undefined && total > 0 ? Math.floor((100 * current) / total) : 0;
    const done = total !== undefined && current >= total;
    const before = this.last.get(key);
    if (!before || current < before.current) {
      this.last.set(key, { time, percent: 0, current, said: false, done });
      return undefined;
    }
    if (before.done || !isDue(before, time, percent, done)) return undefined;
    this.last.set(key, { time, percent, current, said: true, done });
    return `${label}: ${amounts(event)}${total === undefined ? '' : ` (${percent}%)`}`;
  }
}

function isDue(last: Milestone, time: number, percent: number, done: boolean): boolean {
  const elapsed = time - last.time;
  if (done) return last.said || elapsed >= FAST;
  if (elapsed >= SLOW) return true;
  return elapsed >= FAST && Math.floor(percent / PERCENT) > Math.floor(last.percent / PERCENT);
}

/** `12.3 MB of 45.0 MB`, `3 of 7`. */
export function amounts({ current, total, unit }: Pick<ProgressEvent, 'current' | 'total' | 'unit'>): string {
  const show = unit === 'bytes' ? formatBytes : String;
  return total === undefined ? show(current) : `${show(current)} of ${show(total)}`;
}
