import type { Clock } from '../../extension/context';
import { withinTime } from '../../util/within-time';
import { SshFailure, type Phase } from './failure';

/**
 * Runs a part of a try for `patience` milliseconds at most. Its signal is aborted then, and it is not waited for: a peer that does not
 * answer may never let it end.
 */
export function withinPatience<T>(
  clock: Clock,
  signal: AbortSignal,
  patience: number,
  phase: Phase | (() => { readonly phase: Phase; readonly offered: readonly string[] }),
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = (): SshFailure => {
    const { phase: reached, offered } = typeof phase === 'string' ? { phase } : phase();
    return new SshFailure(reached, `no answer for ${Math.round(patience / 100) / 10} s`, { offered });
  };
  return withinTime(clock, patience, signal, late, (inTime) => {
    const stopped = new Promise<never>((_resolve, reject) =>
      inTime.addEventListener('abort', () => reject(inTime.reason as Error), { once: true }),
    );
    stopped.catch(() => undefined);
    return Promise.race([body(inTime), stopped]);
  });
}
