import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RunContext } from '../extension/context';
import { Tail } from '../util/tail';
import { ToolFailed } from '../util/tool-failed';
import { hostEnv } from './programs';

/** Options of the functions here. */
export interface ToolOptions {
  readonly input?: AsyncIterable<Uint8Array>;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs a program to its end, and gives what it printed. Throws {@link ToolFailed}. */
export async function runTool(command: readonly string[], ctx: RunContext, options: ToolOptions = {}): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of readTool(command, ctx, options)) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

/** What a program prints, as it comes. The last step throws {@link ToolFailed} where it fails. */
export async function* readTool(
  command: readonly string[],
  ctx: RunContext,
  options: ToolOptions = {},
): AsyncGenerator<Buffer> {
  ctx.signal.throwIfAborted();
  const [file, ...args] = command;
  const child = spawn(file!, args, { cwd: options.cwd, env: { ...hostEnv(ctx.env), ...options.env }, detached: true });
  const complaints = new Tail();
  child.stderr.setEncoding('utf8').on('data', (text: string) => complaints.push(text));
  const ended = new Promise<string | undefined>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, by) =>
      resolve(code === 0 ? undefined : code === null ? `was ended by ${by}` : `ended with status ${code}`),
    );
  });
  ended.catch(() => undefined);
  const kill = (): void => void (child.pid !== undefined && killGroup(child.pid));
  ctx.signal.addEventListener('abort', kill, { once: true });
  // A program that fails stops reading: its own complaint then says more than the broken pipe. What fails on our side ends the program.
  let sending: unknown;
  const sent = send(options.input, child.stdin).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE' && !isEarlyEnd(error)) sending = error;
    kill();
  });
  let done = false;
  try {
    for await (const part of child.stdout) yield part as Buffer;
    await sent;
    const failure = await ended;
    done = true;
    ctx.signal.throwIfAborted();
    if (sending !== undefined) throw sending as Error;
    if (failure !== undefined) throw new ToolFailed(programOf(command), failure, complaints.toString());
  } finally {
    ctx.signal.removeEventListener('abort', kill);
    if (!done) kill();
  }
}

async function send(input: AsyncIterable<Uint8Array> | undefined, stdin: NodeJS.WritableStream): Promise<void> {
  if (input === undefined) {
    stdin.on('error', () => undefined).end();
    return;
  }
  await pipeline(Readable.from(input, { objectMode: false }), stdin);
}

function isEarlyEnd(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET';
}

/** The program that a command is about, past what only prepares its rights. */
function programOf(command: readonly string[]): string {
  const known = ['tar', 'rm', 'mv', 'cp', 'mmdebstrap', 'cat', 'mount'];
  return [...command].find((word) => known.includes(word.slice(word.lastIndexOf('/') + 1))) ?? command[0]!;
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
