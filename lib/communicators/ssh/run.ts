import { once } from 'node:events';
import { Readable } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import type { ExecResult } from '../../extension/communicator';
import type { Clock } from '../../extension/context';
import { startCommand, type Started } from './channel';
import { ending, Quiet } from './ending';
import type { Guest } from './guest';
import type { Line } from './line';
import type { Handed, Spares } from './spare';
import { kill } from './kill';
import { MarkFilter, wrapped } from './wrap';

/** A command to run. */
export interface Command {
  readonly command: string;
  readonly signal: AbortSignal;
  readonly stdin?: string | Uint8Array | AsyncIterable<Uint8Array> | undefined;
  readonly user?: string | undefined;
  readonly pty?: boolean;
  /** Milliseconds that a new connection may take. */
  readonly startTimeout?: number | undefined;
  /** May return a promise: what comes next waits for it. */
  readonly onData?: (data: Buffer, stream: 'stdout' | 'stderr') => void | Promise<void>;
}

/** What running commands needs. */
export interface Runner {
  readonly line: Line;
  readonly clock: Clock;
  readonly guest: Guest;
  readonly spares: Spares;
}

/** Runs a command line to its end: in a shell that waits for one, where there is one. */
export async function runCommand(runner: Runner, command: Command): Promise<ExecResult> {
  const { line, clock, guest, spares } = runner;
  const { signal, pty = false, user, startTimeout: timeout } = command;
  const { mark, command: text } =
    guest.kind === 'windows'
      ? { mark: undefined, command: command.command }
      : wrapped(command.command, { plain: guest.plainShell, user });
  try {
    const handed = pty ? undefined : await hand(runner, text, signal, timeout);
    if (handed) {
      const result = await attend(runner, command, handed, mark);
      if (!handed.refused()) return result;
    }
    const started = await startCommand(line, clock, text, {
      signal,
      pty,
      timeout,
      onBusy: (link) => void spares.release(link),
      askAhead: pty ? undefined : (link, ahead) => spares.ask(link, ahead),
    });
    if (started === 'disconnect') return { ended: 'disconnect' };
    if (!pty) spares.prepare(started.link);
    return await attend(runner, command, started, mark);
  } finally {
    if (command.stdin instanceof Readable) command.stdin.destroy();
  }
}

/** Gives it to a shell that waits, and starts one for the next command meanwhile. */
async function hand(
  { line, spares }: Runner,
  text: string,
  signal: AbortSignal,
  timeout: number | undefined,
): Promise<Handed | undefined> {
  const link = await line.use(signal, timeout);
  const handed = await spares.hand(link, text);
  if (handed && signal.aborted) handed.channel.close();
  signal.throwIfAborted();
  if (handed) spares.prepare(link);
  return handed;
}

/** Feeds a command that was started and shows what it prints, until it has ended. */
async function attend(
  runner: Runner,
  command: Command,
  started: Started | Handed,
  mark: string | undefined,
): Promise<ExecResult> {
  const { signal, pty = false, onData, stdin } = command;
  const { channel, link, exited } = started;
  const before = 'before' in started ? started.before : undefined;
  const filter = mark === undefined ? undefined : new MarkFilter(mark);
  const { clock, spares } = runner;
  const { took: start } = started;
  const from = clock.now();
  if (start !== undefined) void filter?.pid.then(() => spares.learn({ start, login: clock.now() - from }));
  const quiet = new Quiet();
  const show = (data: Buffer, stream: 'stdout' | 'stderr'): void => {
    quiet.noise();
    const own = before ? before[stream].push(data) : data;
    const marked = filter !== undefined && stream === (pty ? 'stdout' : 'stderr');
    const shown = marked ? filter.push(own) : own;
    const taken = shown.length > 0 ? onData?.(shown, stream) : undefined;
    if (taken === undefined) return;
    channel.pause();
    void taken.catch(() => undefined).then(() => channel.resume());
  };
  channel.on('data', (data: Buffer) => show(data, 'stdout'));
  channel.stderr.on('data', (data: Buffer) => show(data, 'stderr'));
  const end = ending(channel, exited, clock, quiet);
  let killed: Promise<void> | undefined;
  const onAbort = (): void => void (killed ??= kill(runner, link, channel, filter));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    // What can be read once only is not given to a shell that may be gone.
    if (before && !isPlain(stdin)) await Promise.race([before.stderr.pid, end]);
    const fed = before && !before.stderr.found && !isPlain(stdin) ? end : feed(channel, stdin, end).then(() => end);
    const result = await Promise.race([end, fed]);
    spares.heard(link);
    await killed;
    signal.throwIfAborted();
    const rest = filter?.end();
    if (rest && rest.length > 0) await onData?.(rest, pty ? 'stdout' : 'stderr');
    return result;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function isPlain(stdin: Command['stdin']): stdin is string | Uint8Array | undefined {
  return stdin === undefined || typeof stdin === 'string' || stdin instanceof Uint8Array;
}

/** Writes the input; stops when the command has ended, which does not need to have read all of it. */
async function feed(channel: ClientChannel, stdin: Command['stdin'], end: Promise<unknown>): Promise<void> {
  channel.on('error', () => undefined);
  if (isPlain(stdin)) {
    channel.end(stdin);
    return;
  }
  let over = false;
  const stop = end.then(
    () => void (over = true),
    () => void (over = true),
  );
  void stop.then(() => stdin instanceof Readable && stdin.destroy());
  try {
    for await (const chunk of stdin) {
      if (over || !channel.writable) return;
      if (!channel.write(chunk)) await Promise.race([once(channel, 'drain').catch(() => undefined), stop]);
    }
    if (!over) channel.end();
  } catch (error) {
    if (over) return;
    channel.close();
    throw error;
  }
}
