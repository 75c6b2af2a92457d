import { spawn } from 'node:child_process';
import * as path from 'node:path';
import { GoldsmithError } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import { identify, isAlive, kill, type ProcessId } from './process-id';
import { privileged, type Privilege } from './privilege';
import { hostEnv } from './tools';

/** A machine's first process. */
export interface Init {
  readonly id: ProcessId;
  /** Files that had to be made to mount upon. */
  readonly made: readonly string[];
  /** Whether it still runs, and with it the machine. */
  alive(): boolean;
  /** Ends the machine's processes; resolves when they are gone. */
  stop(): Promise<void>;
}

/** The command that puts a machine together and runs `mode` of its script. */
export function initCommand(
  dir: string,
  privilege: Privilege,
  network: 'shared' | 'none',
  mode: 'hold' | 'enter',
): string[] {
  const spaces = ['--mount', '--pid', '--uts', '--ipc', ...(network === 'none' ? ['--net'] : [])];
  return privileged(privilege, [
    'unshare',
    ...spaces,
    '--fork',
    '--kill-child',
    '--propagation',
    'private',
    'sh',
    path.join(dir, 'init.sh'),
    mode,
  ]);
}

/** Starts the first process. It lives as long as its input is open: as this process, that is, or until {@link Init.stop}. */
export async function startInit(command: readonly string[], ctx: RunContext): Promise<Init> {
  const [file, ...args] = command;
  const child = spawn(file!, args, { env: hostEnv(ctx.env), detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const told = { pid: 0, made: [] as string[], ready: false, complaint: '' };
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', (error) => {
      told.complaint += error.message;
      resolve();
    });
  });
  child.stdin.on('error', () => undefined);
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told.complaint += text));
  const abort = (): void => void child.stdin.destroy();
  ctx.signal.addEventListener('abort', abort, { once: true });
  await Promise.race([listen(child.stdout, told), ended]).finally(() => ctx.signal.removeEventListener('abort', abort));
  const id = told.ready ? identify(told.pid) : undefined;
  if (!id) {
    child.stdin.destroy();
    await ended;
    ctx.signal.throwIfAborted();
    throw failed(told.complaint.trim(), ctx);
  }
  // A machine that is kept must not keep this process.
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  (child.stderr as unknown as { unref(): void }).unref();
  const stop = async (): Promise<void> => {
    child.ref();
    kill(id);
    child.stdin.destroy();
    await exited;
  };
  return { id, made: told.made, alive: () => isAlive(id), stop };
}

/** Reads what the script tells, until it is ready or has ended. */
async function listen(
  stdout: NodeJS.ReadableStream,
  told: { pid: number; made: string[]; ready: boolean },
): Promise<void> {
  let open = '';
  for await (const chunk of stdout) {
    const lines = (open + String(chunk)).split('\n');
    open = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('pid ')) told.pid = Number(line.slice(4));
      else if (line.startsWith('made ')) told.made.push(line.slice(5));
      else if (line === 'ready') told.ready = true;
    }
    if (told.ready) return;
  }
}

function failed(complaint: string, ctx: RunContext): GoldsmithError {
  const noSpace = /no space left/i.test(complaint);
  return new GoldsmithError(
    noSpace ? 'NO_SPACE' : 'LAUNCH_FAILED',
    `the sandbox could not be put together under ${ctx.stateDir}`,
    {
      output: complaint || 'its first process ended without a word',
      hint: noSpace ? 'free some space and run it again' : 'run `goldsmith doctor`: it says what this machine lacks',
    },
  );
}
