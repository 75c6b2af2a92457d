import { once } from 'node:events';
import { Readable } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import type { ExecResult } from '../../extension/communicator';
import type { Clock } from '../../extension/context';
import { startCommand } from './channel';
import type { Guest } from './guest';
import type { Line } from './line';
import type { Link } from './link';
import { killScript, MarkFilter, wrapped } from './wrap';

/** A command to run. */
export interface Command {
  readonly command: string;
  readonly signal: AbortSignal;
  readonly stdin?: string | Uint8Array | AsyncIterable<Uint8Array> | undefined;
  readonly user?: string | undefined;
  readonly pty?: boolean;
  /** May return a promise: what comes next waits for it. */
  readonly onData?: (data: Buffer, stream: 'stdout' | 'stderr') => void | Promise<void>;
}

/** What running commands needs. */
export interface Runner {
  readonly line: Line;
  readonly clock: Clock;
  readonly guest: Guest;
}

/** How long the output may be silent, in milliseconds, after a command ended: what it left running holds it open. */
const DRAIN = 500;
/** How long ending a command may take. */
const KILL_TIME = 7000;

/** Runs a command line to its end. */
export async function runCommand(runner: Runner, command: Command): Promise<ExecResult> {
  const { line, clock, guest } = runner;
  const { signal, pty = false, onData } = command;
  const windows = guest.kind === 'windows';
  const { mark, command: text } = windows
    ? { mark: '', command: command.command }
    : wrapped(command.command, { plain: guest.plainShell, user: command.user });
  const started = await startCommand(line, clock, text, { signal, pty });
  if (started === 'disconnect') return { ended: 'disconnect' };
  const { channel, link, exited } = started;

  const filter = windows ? undefined : new MarkFilter(mark);
  const quiet = new Quiet();
  const show = (data: Buffer, stream: 'stdout' | 'stderr'): void => {
    quiet.noise();
    const marked = filter !== undefined && stream === (pty ? 'stdout' : 'stderr');
    const shown = marked ? filter.push(data) : data;
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
    const fed = feed(channel, command.stdin, end).then(() => end);
    const result = await Promise.race([end, fed]);
    await killed;
    signal.throwIfAborted();
    const rest = filter?.end();
    if (rest && rest.length > 0) await onData?.(rest, pty ? 'stdout' : 'stderr');
    return result;
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (command.stdin instanceof Readable) command.stdin.destroy();
  }
}

/** Writes the input; stops when the command has ended, which does not need to have read all of it. */
async function feed(channel: ClientChannel, stdin: Command['stdin'], end: Promise<unknown>): Promise<void> {
  channel.on('error', () => undefined);
  if (stdin === undefined || typeof stdin === 'string' || stdin instanceof Uint8Array) {
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

/** How a command ended: by the exit its server told, else its connection was lost. */
async function ending(
  channel: ClientChannel,
  exited: Promise<ExecResult>,
  clock: Clock,
  quiet: Quiet,
): Promise<ExecResult> {
  const closed = new AbortController();
  const close = new Promise<ExecResult>((resolve) => {
    channel.once('close', () => {
      closed.abort();
      resolve({ ended: 'disconnect' });
    });
  });
  const result = await Promise.race([exited, close]);
  // Most servers close at once. What was left running may hold the channel open for ever.
  await Promise.race([close, quiet.wait(clock, DRAIN, closed.signal).catch(() => undefined)]);
  channel.close();
  return result;
}

/** Waits for silence. */
class Quiet {
  private noises = 0;

  noise(): void {
    this.noises += 1;
  }

  async wait(clock: Clock, time: number, signal: AbortSignal): Promise<void> {
    for (let heard = -1; heard !== this.noises;) {
      heard = this.noises;
      await clock.sleep(time, signal);
    }
  }
}

/** Ends a command and what it started, by a second command: servers need not know signals, and sshd does not for root. */
async function kill(runner: Runner, link: Link, channel: ClientChannel, filter: MarkFilter | undefined): Promise<void> {
  const { clock, guest } = runner;
  const done = new AbortController();
  const late = clock.sleep(KILL_TIME, done.signal).catch(() => undefined);
  try {
    if (filter && link.lost() === undefined) {
      const pid = await Promise.race([filter.pid, late, once(channel, 'close').catch(() => undefined)]);
      if (typeof pid === 'number') {
        const { command } = wrapped(killScript(pid), { plain: guest.plainShell });
        await Promise.race([helperDone(link, command), late]);
      }
    }
  } finally {
    done.abort();
    channel.signal('KILL');
    channel.close();
    // A server that is gone does not close the channel.
    if (link.lost() !== undefined) channel.emit('close');
  }
}

function helperDone(link: Link, command: string): Promise<void> {
  return new Promise((resolve) => {
    try {
      link.client.exec(command, (error, channel) => {
        if (error) resolve();
        else
          channel
            .on('data', () => undefined)
            .once('close', () => resolve())
            .stderr.resume();
      });
    } catch {
      resolve();
    }
  });
}
