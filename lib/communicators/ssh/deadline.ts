import type { Clock } from '../../extension/context';
import { SshFailure, type Phase } from './failure';

/** Runs a part of a try for `patience` milliseconds at most. Its signal is aborted then. */
export async function withinTime<T>(
  clock: Clock,
  signal: AbortSignal,
  patience: number,
  phase: Phase | (() => Phase),
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const over = new AbortController();
  const done = new AbortController();
  const late = clock.sleep(patience, done.signal).then(
    () => {
      const seconds = Math.round(patience / 100) / 10;
      over.abort(new SshFailure(typeof phase === 'string' ? phase : phase(), `no answer for ${seconds} s`));
    },
    () => undefined,
  );
  const inTime = AbortSignal.any([signal, over.signal]);
  const stopped = new Promise<never>((_resolve, reject) =>
    inTime.addEventListener('abort', () => reject(inTime.reason as Error), { once: true }),
  );
  stopped.catch(() => undefined);
  try {
    return await Promise.race([body(inTime), stopped]);
  } finally {
    done.abort();
    await late;
  }
}
