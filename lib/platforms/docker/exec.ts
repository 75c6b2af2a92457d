import { once } from 'node:events';
import { Readable, type Duplex } from 'node:stream';
import type { ExecResult } from '../../extension/communicator';
import type { Clock } from '../../extension/context';
import { Demultiplexer } from './demux';
import type { Engine } from './engine';
import { isConflict, isNotFound, isUnreachable } from './errors';
import { stopCommand } from './stop-command';

/** A command in a container. */
export interface Command {
  readonly argv: readonly string[];
  readonly user?: string | undefined;
  readonly tty?: boolean;
  readonly stdin?: string | Uint8Array | Readable | undefined;
  readonly signal: AbortSignal;
  readonly onData?: (data: Buffer, stream: 'stdout' | 'stderr') => void;
}

/**
 * Runs a command: three requests, the second of which carries its input and output. When the signal is aborted, the
 * command and what it started are ended first; then this rejects with the signal's reason.
 */
export async function runCommand(
  engine: Engine,
  container: string,
  command: Command,
  clock: Clock,
): Promise<ExecResult> {
  const { argv, user, tty = false, stdin, signal, onData } = command;
  signal.throwIfAborted();
  let exec: string;
  let connection: Duplex;
  try {
    exec = await engine.createExec(container, {
      Cmd: argv,
      Tty: tty,
      AttachStdin: stdin !== undefined,
      AttachStdout: true,
      AttachStderr: true,
      ...(user !== undefined && { User: user }),
    });
    signal.throwIfAborted();
    connection = await engine.startExec(exec, tty);
  } catch (error) {
    if (await isGone(engine, container, error)) return { ended: 'disconnect' };
    throw error;
  }
  const ended = new AbortController();
  const stopping = whenAborted(signal, ended.signal, async () => {
    await stopCommand(engine, container, exec, clock, ended.signal);
    connection.destroy();
  });
  const input = send(connection, stdin);
  try {
    await receive(connection, tty, onData);
  } finally {
    ended.abort();
    input.stop();
    connection.destroy();
    await stopping;
  }
  signal.throwIfAborted();
  if (input.error !== undefined) throw input.error;
  return endOf(engine, container, exec, signal, clock);
}

interface Input {
  readonly error: unknown;
  stop(): void;
}

/** Sends what the command reads, and then half-closes the connection, which is its end of file. */
function send(connection: Duplex, stdin: Command['stdin']): Input {
  // A command may end without having read all; its output still arrives.
  connection.on('error', () => undefined);
  if (stdin === undefined) return { error: undefined, stop: () => undefined };
  if (!(stdin instanceof Readable)) {
    connection.end(stdin);
    return { error: undefined, stop: () => undefined };
  }
  const input = { error: undefined as unknown, stop: () => void stdin.destroy() };
  stdin.once('error', (error) => {
    input.error = error;
    connection.destroy();
  });
  stdin.pipe(connection);
  return input;
}

async function receive(connection: Duplex, tty: boolean, onData: Command['onData']): Promise<void> {
  const frames = new Demultiplexer((data, stream) => onData?.(data, stream));
  connection.on('data', (chunk: Buffer) => {
    if (tty) onData?.(chunk, 'stdout');
    else frames.push(chunk);
  });
  if (connection.destroyed) return;
  // The engine ends its side when the command has ended, also where the command's input is still on its way.
  await new Promise<void>((resolve) => connection.once('end', resolve).once('close', resolve));
}

/** Does something when `signal` is aborted before `ended` is. */
export async function whenAborted(signal: AbortSignal, ended: AbortSignal, act: () => Promise<void>): Promise<void> {
  const aborted =
    signal.aborted ||
    (await once(signal, 'abort', { signal: ended }).then(
      () => true,
      () => false,
    ));
  if (aborted) await act();
}

/** How it ended. The engine closes the connection a moment before it knows. */
export async function endOf(
  engine: Engine,
  container: string,
  exec: string,
  signal: AbortSignal,
  clock: Clock,
): Promise<ExecResult> {
  for (let wait = 1; ; wait = Math.min(wait * 2, 250)) {
    const info = await engine.exec(exec).catch((error: unknown) => {
      if (isNotFound(error) || isUnreachable(error)) return undefined;
      throw error;
    });
    if (info === undefined) return { ended: 'disconnect' };
    const { Running, ExitCode } = info;
    // 137 is also what a command gets whose whole container was killed.
    if (!Running && ExitCode !== null && ExitCode !== 137) return { ended: 'exit', code: ExitCode };
    if (wait > 8 || ExitCode === 137) {
      if (await isStopped(engine, container)) return { ended: 'disconnect' };
      // The engine knows that the command was killed a moment before it knows that the container was.
      if (!Running && wait > 32) return ExitCode === null ? { ended: 'disconnect' } : { ended: 'exit', code: ExitCode };
    }
    await clock.sleep(wait, signal);
  }
}

/** Whether a request failed because there is no running container any more. */
export async function isGone(engine: Engine, container: string, error: unknown): Promise<boolean> {
  if (isUnreachable(error)) return true;
  return (isConflict(error) || isNotFound(error)) && (await isStopped(engine, container));
}

async function isStopped(engine: Engine, container: string): Promise<boolean> {
  try {
    return !(await engine.container(container)).State.Running;
  } catch (error) {
    if (isNotFound(error) || isUnreachable(error)) return true;
    throw error;
  }
}
