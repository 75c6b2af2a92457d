/** Rejects when a signal is aborted: what may never end is raced against it. */
export function stopped(signal: AbortSignal): Promise<never> {
  const never = new Promise<never>((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
  );
  never.catch(() => undefined);
  return never;
}
