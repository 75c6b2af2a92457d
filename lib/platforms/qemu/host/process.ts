import { spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import { readIfThere, writeAtomically } from '../../../util/atomic';
import { identityOf, isAlive, type ProcessIdentity } from '../../../util/identity';

/** How a process of a machine is started. */
export interface StartOptions {
  /** Folder of the machine; what the process prints goes into `NAME.log` there, and who it is into `NAME.pid`. */
  readonly dir: string;
  readonly name: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A process that outlives this one, unless it is ended. */
export interface Started {
  readonly identity: ProcessIdentity;
  /** Resolves when it has ended, with how. Nobody is kept waiting for it: this process may end before. */
  readonly ended: Promise<string>;
  /** The same, for somebody who waits: until then this process does not end for want of anything else to do. */
  untilEnded(): Promise<string>;
  alive(): boolean;
}

/** Starts a process in a session of its own, and notes who it is, so that any later process can end it. */
export async function startProcess(file: string, args: readonly string[], options: StartOptions): Promise<Started> {
  const log = await fs.open(path.join(options.dir, `${options.name}.log`), 'a', 0o600);
  try {
    const child = spawn(file, args, {
      cwd: options.dir,
      env: options.env,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      windowsHide: true,
    });
    const failed = new Promise<never>((_resolve, reject) => child.once('error', reject));
    failed.catch(() => undefined);
    const ended = new Promise<string>((resolve) =>
      child.once('exit', (code, by) => resolve(code === null ? `was ended by ${by}` : `ended with status ${code}`)),
    );
    if (child.pid === undefined) await failed;
    const identity = identityOf(child.pid!);
    await writeAtomically(path.join(options.dir, `${options.name}.pid`), JSON.stringify(identity));
    child.unref();
    const alive = (): boolean => child.exitCode === null && child.signalCode === null;
    const untilEnded = (): Promise<string> => {
      if (alive()) child.ref();
      return ended;
    };
    return { identity, ended, untilEnded, alive };
  } finally {
    await log.close();
  }
}

/**
 * Ends every process of a machine's folder: those that it notes, and on Linux whatever names the folder in its arguments, since a
 * process may have been started and not noted.
 */
export async function endProcesses(dir: string, ctx: RunContext): Promise<void> {
  const noted = await notedIn(dir);
  const running = [...noted, ...(await naming(dir))].filter((identity) => isAlive(identity));
  for (const identity of running) kill(identity);
  if (running.length === 0) return;
  await ctx.poll(
    'the processes of a virtual machine to end',
    () => Promise.resolve(running.some((identity) => isAlive(identity)) ? undefined : true),
    { interval: 5, maxInterval: 100, timeout: 20_000 },
  );
}

async function notedIn(dir: string): Promise<ProcessIdentity[]> {
  const names = await fs.readdir(dir).catch(() => []);
  const noted = [];
  for (const name of names.filter((one) => one.endsWith('.pid'))) {
    const text = await readIfThere(path.join(dir, name));
    // QEMU's own file has but a number.
    if (text?.startsWith('{') === true) noted.push(JSON.parse(text) as ProcessIdentity);
  }
  return noted;
}

async function naming(dir: string): Promise<ProcessIdentity[]> {
  if (process.platform !== 'linux') return [];
  const found = [];
  for (const name of await fs.readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const words = (await fs.readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).split('\0');
    // The first word is the program: only an emulator's is ours.
    if (/(^|\/)(qemu|swtpm)/.test(words[0] ?? '') && words.some((word) => word.includes(`${dir}${path.sep}`)))
      found.push(identityOf(Number(name)));
  }
  return found;
}

function kill(identity: ProcessIdentity): void {
  try {
    process.kill(identity.pid, 'SIGKILL');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH') {
      throw new GoldsmithError('LEAKED', `process ${identity.pid} could not be ended: ${code ?? String(error)}`);
    }
  }
}
