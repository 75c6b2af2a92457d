/**
 * Runs something for `ms` milliseconds of the clock at most: then its signal is aborted, and what comes of it is `late()`. It is
 * waited for also then: whoever holds something lets it go before this ends.
 */
export async function withinTime<T>(
  clock: { sleep(ms: number, signal?: AbortSignal): Promise<void> },
  ms: number,
  signal: AbortSignal,
  late: () => Error,
  body: (inTime: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const over = new AbortController();
  const done = new AbortController();
  const timer = clock.sleep(ms, done.signal).then(
    () => over.abort(late()),
    () => undefined,
  );
  try {
    return await body(AbortSignal.any([signal, over.signal]));
  } catch (error) {
    throw over.signal.aborted ? over.signal.reason : error;
  } finally {
    done.abort();
    await timer;
  }
}
