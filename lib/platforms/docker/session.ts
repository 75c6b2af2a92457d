import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { ExecResult } from '../../extension/communicator';
import type { Clock } from '../../extension/context';
import { shellQuote } from '../../util/quote';
import { Demultiplexer } from './demux';
import type { Engine } from './engine';
import { endOf, isGone, whenAborted } from './exec';
import { MarkFinder } from './mark-finder';
import { SESSION_SHELL } from './names';
import { stopCommand } from './stop-command';

/** A command for {@link ShellSession}. */
export interface SessionCommand {
  readonly command: string;
  readonly stdin?: string | Uint8Array | undefined;
  readonly signal: AbortSignal;
  readonly onData?: (data: Buffer, stream: 'stdout' | 'stderr') => void;
}

interface Open {
  readonly exec: string;
  readonly connection: Duplex;
  readonly closed: Promise<void>;
  /** Takes the output of the command that runs now. */
  take: (data: Buffer, stream: 'stdout' | 'stderr') => void;
}

/** Larger input goes the ordinary way: a shell holds what it reads here in memory. */
const LARGEST = 256 * 1024;
const NEWLINE = 0x0a;

/**
 * A shell in the container that runs one command after another, each in a shell of its own. Starting a process through the engine
 * takes it several times as long as most steps do; this does so once a machine.
 */
export class ShellSession {
  private opening: Promise<Open> | undefined;
  private busy = false;

  constructor(
    private readonly engine: Engine,
    private readonly container: string,
    private readonly user: string | undefined,
    private readonly clock: Clock,
  ) {}

  /**
   * Whether it can take a command now: one at a time, and with input that can stand in a shell's program as it is, which
   * is text in whole lines.
   */
  takes(stdin: unknown): stdin is string | Uint8Array | undefined {
    if (this.busy) return false;
    if (stdin === undefined) return true;
    if (typeof stdin !== 'string' && !(stdin instanceof Uint8Array)) return false;
    const bytes = Buffer.from(stdin as Uint8Array);
    return bytes.length > 0 && bytes.length <= LARGEST && bytes.at(-1) === NEWLINE && !bytes.includes(0);
  }

  /** Runs a command to its end; its exit status comes after its output, marked on both streams. */
  async run({ command, stdin, signal, onData }: SessionCommand): Promise<ExecResult> {
    signal.throwIfAborted();
    this.busy = true;
    try {
      const session = await this.opened();
      if (session === 'gone') return { ended: 'disconnect' };
      const mark = Buffer.from(`\x1e${randomBytes(16).toString('hex')}`);
      const status = new Promise<number>((resolve) => {
        const finders = {
          stdout: new MarkFinder(mark, (data) => onData?.(data, 'stdout')),
          stderr: new MarkFinder(mark, (data) => onData?.(data, 'stderr')),
        };
        session.take = (data, stream) => {
          finders[stream].push(data);
          if (finders.stdout.value !== undefined && finders.stderr.value !== undefined)
            resolve(Number(finders.stdout.value));
        };
      });
      const ended = new AbortController();
      const stopping = whenAborted(signal, ended.signal, async () => {
        await stopCommand(this.engine, this.container, session.exec, this.clock, ended.signal);
        session.connection.destroy();
      });
      session.connection.write(program(command, stdin, mark.toString()));
      const code = await Promise.race([status, session.closed]);
      ended.abort();
      await stopping;
      if (signal.aborted) this.close();
      signal.throwIfAborted();
      if (code !== undefined) return { ended: 'exit', code };
      // The connection ended before the command did: with the machine, or because the command ended every process it could.
      this.opening = undefined;
      return await endOf(this.engine, this.container, session.exec, signal, this.clock);
    } finally {
      this.busy = false;
    }
  }

  /** Ends the shell. */
  close(): void {
    void this.opening?.then(
      ({ connection }) => connection.destroy(),
      () => undefined,
    );
    this.opening = undefined;
  }

  /** The shell, a new one where the last has gone. */
  private async opened(): Promise<Open | 'gone'> {
    if ((await this.opening)?.connection.destroyed) this.opening = undefined;
    try {
      return await (this.opening ??= this.open());
    } catch (error) {
      this.opening = undefined;
      if (await isGone(this.engine, this.container, error)) return 'gone';
      throw error;
    }
  }

  private async open(): Promise<Open> {
    const exec = await this.engine.createExec(this.container, {
      Cmd: SESSION_SHELL,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      ...(this.user !== undefined && { User: this.user }),
    });
    const connection = await this.engine.startExec(exec, false);
    const closed = new Promise<void>((resolve) => void connection.once('close', () => resolve()));
    connection.on('error', () => undefined);
    // A command that is to end gets the signal first, and may take its time; a handler, since what is ignored is inherited.
    connection.write('trap : TERM HUP INT\n');
    const session: Open = { exec, connection, closed, take: () => undefined };
    const frames = new Demultiplexer((data, stream) => session.take(data, stream));
    connection.on('data', (chunk: Buffer) => frames.push(chunk));
    return session;
  }
}

/** The command with its input as a here-document: what reads it cannot reach the session's own input. */
function program(command: string, stdin: string | Uint8Array | undefined, mark: string): Buffer {
  const report = `printf '${mark}%d;' "$?"; printf '${mark};' >&2\n`;
  const run = `/bin/sh -c ${shellQuote(command)}`;
  if (stdin === undefined) return Buffer.from(`${run} </dev/null\n${report}`);
  const end = `end-${randomBytes(16).toString('hex')}`;
  return Buffer.concat([
    Buffer.from(`${run} <<'${end}'\n`),
    Buffer.from(stdin as Uint8Array),
    Buffer.from(`${end}\n${report}`),
  ]);
}
