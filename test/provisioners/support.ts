import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { GoldsmithError } from '../../lib/errors';
import type { CheckResult, Clock, Communicator, ExecResult, ProvisionContext } from '../../lib/extension';
import { localCommunicator } from '../../lib/communicators/local';

/** The real time, for tests in which real processes run. */
export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener(
        'abort',
        () => {
          clearTimeout(timer);
          reject(signal.reason as Error);
        },
        { once: true },
      );
    }),
};

/** Time that passes only when somebody sleeps. */
export function virtualClock(): Clock & { readonly slept: number[] } {
  let now = 1_700_000_000_000;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    sleep: (ms, signal) => {
      if (signal?.aborted) return Promise.reject(signal.reason as Error);
      now += ms;
      slept.push(ms);
      return Promise.resolve();
    },
  };
}

/** A folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'goldsmith-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A context that remembers what it was told. */
export interface TestContext extends ProvisionContext {
  readonly shown: { text: string; stream: string }[];
  readonly said: string[];
  readonly warned: string[];
  readonly asked: string[];
  readonly checks: CheckResult[];
  readonly projectDir: string;
  /** All that was printed. */
  printed(): string;
}

/** A context for one step. */
export function provisionContext(folder: string, changes: Partial<ProvisionContext> = {}): TestContext {
  const shown: { text: string; stream: string }[] = [];
  const said: string[] = [];
  const warned: string[] = [];
  const asked: string[] = [];
  const checks: CheckResult[] = [];
  const tempDir = path.join(folder, 'temp');
  mkdirSync(tempDir, { recursive: true });
  return {
    signal: new AbortController().signal,
    clock: realClock,
    projectDir: folder,
    stateDir: path.join(folder, '.goldsmith'),
    tempDir,
    env: { PATH: process.env['PATH'], HOME: folder },
    run: { id: 'run-1', app: 'test', startedAt: 0 },
    node: { id: 'Web/Null', image: 'Web', source: 'Null' },
    variables: { PACKER_BUILD_NAME: 'Null', PACKER_BUILDER_TYPE: 'null', GOLDSMITH_BUILD: 'Web/Null' },
    interactive: false,
    output: (text, stream = 'stdout') => void shown.push({ text, stream }),
    say: (text) => void said.push(text),
    warn: (text) => void warned.push(text),
    progress: () => undefined,
    secret: () => undefined,
    resolvePath: (file) => path.resolve(folder, file),
    poll: async (what, probe, { timeout = 300_000, interval = 100 } = {}) => {
      const end = realClock.now() + timeout;
      for (;;) {
        const found = await probe();
        if (found !== undefined) return found;
        if (realClock.now() >= end) throw new GoldsmithError('STEP_TIMEOUT', `waited for ${what}`);
        await realClock.sleep(Math.min(interval, Math.max(1, end - realClock.now())), changes.signal);
      }
    },
    check: (result) => void checks.push(result),
    ask: (question) => {
      asked.push(question);
      return Promise.resolve('');
    },
    ...changes,
    shown,
    said,
    warned,
    asked,
    checks,
    printed: () => shown.map(({ text }) => text).join(''),
  };
}

/** This machine, with its temporary files in a folder of the test's own. */
export function thisMachine(folder: string): Communicator {
  return localCommunicator({ clock: realClock, env: { PATH: process.env['PATH'], HOME: folder }, cwd: folder });
}

/** A machine that is only told things: each exec is answered by the next of the results, or fails with it. */
export function scriptedMachine(
  ...results: readonly (ExecResult | Error)[]
): Communicator & { readonly commands: string[] } {
  const commands: string[] = [];
  const queue = [...results];
  const unused = (): Promise<never> => Promise.reject(new Error('not used'));
  return {
    guest: 'unix',
    facts: { Host: 'guest.test', User: 'root' },
    commands,
    exec: (command) => {
      commands.push(command);
      const next = queue.shift() ?? { ended: 'exit', code: 0 };
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    },
    uploadFile: unused,
    uploadDirectory: unused,
    downloadFile: unused,
    downloadDirectory: unused,
    close: () => Promise.resolve(),
  };
}

/** Whether a process runs; one that is dead and only waits to be reaped does not. */
export function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
