import { spawn, type ChildProcess } from 'node:child_process';

/** How a process ended, and what it printed. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, as they came. */
  readonly output: string;
}

/** How a process is started. */
export interface StartOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Whether it has somebody to read from. @default 'none' */
  readonly input?: 'none' | 'open';
}

/** Milliseconds after which a process counts as hanging. */
const PATIENCE = 90_000;

/** A process that a test watches. */
export class Child {
  /** Starts Node with a program. */
  static node(args: readonly string[], options: StartOptions): Child {
    return new Child(process.execPath, args, options);
  }

  readonly ended: Promise<Ended>;
  private readonly process: ChildProcess;
  private output = '';
  private readonly watchers = new Set<() => void>();

  constructor(file: string, args: readonly string[], { cwd, env, input = 'none' }: StartOptions) {
    this.process = spawn(file, args, { cwd, env: { ...cleanEnv(), ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    if (input === 'none') this.process.stdin!.end();
    this.process.stdin!.on('error', () => undefined);
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      this.process[name]!.setEncoding('utf8').on('data', (text: string) => {
        texts[name] += text;
        this.output += text;
        for (const watcher of this.watchers) watcher();
      });
    }
    const watchdog = setTimeout(() => {
      this.output += `[still running after ${PATIENCE / 1000} s, and ended by the test]\n`;
      this.process.kill('SIGKILL');
    }, PATIENCE);
    this.ended = new Promise((resolve, reject) => {
      this.process.on('error', reject);
      this.process.on('close', (status, signal) => {
        clearTimeout(watchdog);
        resolve({ status, signal, ...texts, output: this.output });
        for (const watcher of this.watchers) watcher();
      });
    });
  }

  get pid(): number {
    return this.process.pid!;
  }

  /** What it has printed by now. */
  get printed(): string {
    return this.output;
  }

  /** Types something. */
  types(text: string): void {
    this.process.stdin!.write(text);
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** Resolves when it has printed something; rejects when it ends without having. */
  async prints(pattern: RegExp): Promise<void> {
    let gone = false;
    void this.ended.then(() => (gone = true));
    while (!pattern.test(this.output)) {
      if (gone) throw new Error(`it ended without printing ${String(pattern)}:\n${this.output}`);
      await new Promise<void>((resolve) => {
        const watcher = (): void => {
          this.watchers.delete(watcher);
          resolve();
        };
        this.watchers.add(watcher);
      });
      await Promise.resolve();
    }
  }
}

/** Runs a command to its end. */
export function command(file: string, args: readonly string[], cwd = '/'): Promise<Ended> {
  return new Child(file, args, { cwd }).ended;
}

/** Without what would make a child draw, or believe to be in CI. */
function cleanEnv(): NodeJS.ProcessEnv {
  const { CI: _ci, FORCE_COLOR: _colour, NODE_OPTIONS: _node, ...rest } = process.env;
  return rest;
}

/** Does something with each item, a few at a time. */
export async function eachOf<T, R>(items: readonly T[], parallel: number, act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const next = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of next) results[index] = await act(item);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return results;
}
