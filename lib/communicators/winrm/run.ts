import { Readable } from 'node:stream';
import { GoldsmithError } from '../../errors';
import type { ExecResult } from '../../extension/communicator';
import { withinTime } from '../../util/within-time';
import { LinkLost, WinrmFailure, WinrmFault } from './failure';
import type { Line } from './line';
import { receiveOutput, sendInput, signalCommand, startCommand, type CommandRef } from './shell';
import { stopped } from './stopped';

/** A command to run. */
export interface Command {
  readonly command: string;
  readonly signal: AbortSignal;
  readonly stdin?: string | Uint8Array | AsyncIterable<Uint8Array> | undefined;
  /** May return a promise: what comes next waits for it. */
  readonly onData?: (data: Buffer, stream: 'stdout' | 'stderr') => void | Promise<void>;
}

/** What cmd.exe takes of a command line (Microsoft Learn, "Command prompt line string limitation"), less its own part. */
const MOST = 8000;
/** Milliseconds that a command gets to end by itself after Ctrl+C, and that ending it may take at all. */
const GENTLE = 1500;
const KILL_TIME = 8000;
/** Milliseconds within which a command that refuses its input must turn out to have ended. */
const ENDING = 5000;

/** Runs a command line in cmd.exe to its end. */
export async function runCommand(line: Line, command: Command): Promise<ExecResult> {
  if (command.command.length > MOST) {
    throw new GoldsmithError(
      'STEP_FAILED',
      `the command line has ${command.command.length} characters, but Windows takes ${MOST}`,
      {
        hint: 'put it into a script',
      },
    );
  }
  try {
    const started = await start(line, command);
    return started === undefined ? { ended: 'disconnect' } : await follow(line, started, command);
  } catch (error) {
    throw explained(error, command.signal);
  } finally {
    if (command.stdin instanceof Readable) command.stdin.destroy();
  }
}

/** Starts it; in a new shell where the machine has forgotten the one that we had. Undefined: nobody knows whether it was started. */
async function start(line: Line, { command, signal }: Command): Promise<CommandRef | undefined> {
  for (let tries = 1; ; tries += 1) {
    const shell = await line.shell(signal);
    try {
      return { shell, command: await startCommand(line.ask, shell, command, signal) };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof WinrmFault && error.isUnknown && tries < 3) continue;
      if (!isLost(error)) void line.remove(shell);
      // The connection could not even be made: then the command was not.
      if (error instanceof WinrmFailure && tries < 3) continue;
      if (isLost(error)) return undefined;
      throw error;
    }
  }
}

async function follow(line: Line, ref: CommandRef, { signal, stdin, onData }: Command): Promise<ExecResult> {
  const over = new AbortController();
  const stop = new AbortController();
  const received = receiveAll(line, ref, stop.signal, onData).finally(() => over.abort(new Error('it has ended')));
  received.catch(() => undefined);
  let killed: Promise<void> | undefined;
  const onAbort = (): void => void (killed ??= kill(line, ref, received).finally(() => stop.abort(signal.reason)));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    await feed(line, ref, stdin, over.signal).catch(async (error: unknown) => {
      // What it says of itself counts more than that it could not be told any more.
      if (over.signal.aborted || isLost(error) || (await endsSoon(line, error, received))) return;
      await (killed ??= kill(line, ref, received));
      throw error;
    });
    const result = await received;
    await killed;
    signal.throwIfAborted();
    line.soonFree(release(line, ref));
    return result;
  } catch (error) {
    await killed;
    if (isLost(error) && !signal.aborted) {
      line.drop();
      return { ended: 'disconnect' };
    }
    void line.remove(ref.shell);
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    stop.abort(new Error('it has ended'));
  }
}

async function receiveAll(
  line: Line,
  ref: CommandRef,
  signal: AbortSignal,
  onData: Command['onData'],
): Promise<ExecResult> {
  for (;;) {
    try {
      const { pieces, exitCode } = await receiveOutput(line.ask, ref, signal);
      for (const { stream, data } of pieces) await onData?.(data, stream);
      if (exitCode !== undefined) return { ended: 'exit', code: exitCode };
    } catch (error) {
      if (error instanceof WinrmFault && error.isTimeout) continue;
      // The machine was restarted meanwhile, or somebody ended the shell.
      if (error instanceof WinrmFault && error.isUnknown) return { ended: 'disconnect' };
      throw error;
    }
  }
}

/** A command that has just ended takes no input any more: that is no failure. */
async function endsSoon(line: Line, error: unknown, received: Promise<unknown>): Promise<boolean> {
  if (!(error instanceof WinrmFault) || error.isTooLarge) return false;
  const late = (): Error => new Error('it goes on');
  return withinTime(line.ctx.clock, ENDING, new AbortController().signal, late, (inTime) =>
    Promise.race([received, stopped(inTime)]),
  ).then(
    () => true,
    () => false,
  );
}

/** Sends the input; stops when the command has ended, which does not need to have read all of it. */
async function feed(line: Line, ref: CommandRef, stdin: Command['stdin'], over: AbortSignal): Promise<void> {
  // Base64 and the frame around it must fit into one message.
  const most = Math.floor(((line.settings.envelopeSize - 3000) * 3) / 4);
  let waiting: Buffer | undefined;
  for await (const piece of pieces(stdin, most)) {
    if (over.aborted) return;
    if (waiting) await sendInput(line.ask, ref, waiting, false, over);
    waiting = piece;
  }
  if (!over.aborted) await sendInput(line.ask, ref, waiting ?? Buffer.alloc(0), true, over);
}

async function* pieces(stdin: Command['stdin'], most: number): AsyncGenerator<Buffer> {
  if (stdin === undefined) return;
  const chunks = typeof stdin === 'string' || stdin instanceof Uint8Array ? [Buffer.from(stdin)] : stdin;
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk);
    for (let at = 0; at < bytes.length; at += most) yield bytes.subarray(at, at + most);
  }
}

/** Frees what the machine holds of it; then its shell can be used again. */
async function release(line: Line, ref: CommandRef): Promise<void> {
  try {
    await signalCommand(line.ask, ref, 'terminate', new AbortController().signal);
    line.giveBack(ref.shell);
  } catch (error) {
    if (error instanceof WinrmFault && error.isUnknown) line.giveBack(ref.shell);
    else if (error instanceof WinrmFault) await line.remove(ref.shell);
  }
}

async function kill(line: Line, ref: CommandRef, received: Promise<unknown>): Promise<void> {
  const { clock } = line.ctx;
  const never = new AbortController().signal;
  const ended = received.catch(() => undefined);
  const late = (): Error => new Error('it does not end');
  const within = (ms: number, body: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> =>
    withinTime(clock, ms, never, late, (inTime) => Promise.race([body(inTime), stopped(inTime)])).catch(
      () => undefined,
    );
  await within(KILL_TIME, async (inTime) => {
    await signalCommand(line.ask, ref, 'ctrlC', inTime);
    await within(GENTLE, () => ended);
    await signalCommand(line.ask, ref, 'terminate', inTime);
    await ended;
  });
}

function isLost(error: unknown): boolean {
  return error instanceof LinkLost || error instanceof WinrmFailure;
}

function explained(error: unknown, signal: AbortSignal): unknown {
  signal.throwIfAborted();
  if (!(error instanceof WinrmFault)) return error;
  if (error.isTooLarge) {
    return new GoldsmithError('STEP_FAILED', `the machine does not take messages of this size: ${error.message}`, {
      hint: 'lower `maxEnvelopeSize`, or raise the machine\'s (`winrm set winrm/config @{MaxEnvelopeSizekb="500"}`)',
      cause: error,
    });
  }
  const code = error.code === undefined ? error.kind : `${error.kind} ${error.code}`;
  return new GoldsmithError('STEP_FAILED', `WinRM on the machine refused it: ${error.message} (${code})`, {
    cause: error,
  });
}
