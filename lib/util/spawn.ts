import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { endProcessGroup } from './process-group';

/** How a process ended. */
export type ProcessEnd = { readonly code: number } | { readonly signal: string };

/** Options of {@link runProcess}. */
export interface ProcessOptions {
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the process and all it started: SIGTERM, and after a grace period SIGKILL. */
  readonly signal: AbortSignal;
  readonly clock: { sleep(ms: number, signal?: AbortSignal): Promise<void> };
  readonly stdin?: string | Uint8Array | Readable;
  readonly onOutput?: (text: string, stream: 'stdout' | 'stderr') => void;
}

/** How long the output may stay open, in milliseconds, after the process ended: what it left running holds it open. */
const DRAIN = 500;

/** Runs a process in a group of its own. Rejects when it cannot start, or with the signal's reason once the group is gone. */
export async function runProcess(file: string, args: readonly string[], options: ProcessOptions): Promise<ProcessEnd> {
  const { cwd, env, signal, clock, stdin, onOutput } = options;
  signal.throwIfAborted();
  const child = spawn(file, args, { cwd, env, detached: true, windowsHide: true });
  let isClosed = false;
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve(void (isClosed = true))));
  const ended = new Promise<ProcessEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, by) => resolve(code === null ? { signal: by ?? 'SIGKILL' } : { code }));
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => onOutput?.(text, 'stdout'));
  child.stderr.setEncoding('utf8').on('data', (text: string) => onOutput?.(text, 'stderr'));
  // A process may end without having read all of its input.
  child.stdin.on('error', () => undefined);
  if (stdin === undefined || typeof stdin === 'string' || stdin instanceof Uint8Array) child.stdin.end(stdin);
  else stdin.on('error', () => child.stdin.end()).pipe(child.stdin);

  let killed: Promise<void> | undefined;
  const onAbort = (): void => {
    if (child.pid !== undefined) killed = endProcessGroup(child.pid, clock, () => isClosed);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  const drained = new AbortController();
  try {
    const end = await ended;
    await Promise.race([closed, clock.sleep(DRAIN, drained.signal).catch(() => undefined)]);
    await killed;
    signal.throwIfAborted();
    return end;
  } finally {
    signal.removeEventListener('abort', onAbort);
    drained.abort();
    child.stdout.destroy();
    child.stderr.destroy();
  }
}
