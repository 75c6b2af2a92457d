import { randomUUID } from 'node:crypto';
import { Stdin } from './stdin';
import type { WindowsMachine } from './windows';

/** A command that runs in a shell. */
export class RunningCommand {
  readonly id = randomUUID().toUpperCase();
  readonly stdin = new Stdin();
  private readonly waiting: { readonly stream: string; data: Buffer }[] = [];
  private readonly stop = new AbortController();
  private wake: () => void = () => undefined;
  exitCode: number | undefined;

  constructor(
    readonly line: string,
    machine: WindowsMachine,
    env: Readonly<Record<string, string>>,
  ) {
    const take = (stream: string) => (data: string | Buffer) => {
      this.waiting.push({ stream, data: Buffer.from(data) });
      this.wake();
    };
    const streams = { stdin: this.stdin, stdout: take('stdout'), stderr: take('stderr') };
    void machine
      .run(line, streams, this.stop.signal, env)
      .catch((error: unknown) => {
        if (!this.stop.signal.aborted) streams.stderr(`${String(error)}\r\n`);
        return 1;
      })
      .then((code) => {
        this.exitCode = code;
        this.wake();
      });
  }

  /** What was printed since the last time, `most` bytes of it; waits for something for `ms`. */
  async receive(ms: number, most: number): Promise<{ readonly stream: string; readonly data: Buffer }[]> {
    if (this.waiting.length === 0 && this.exitCode === undefined) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.wake = () => (clearTimeout(timer), resolve());
      });
    }
    const taken: { stream: string; data: Buffer }[] = [];
    for (let left = most; left > 0 && this.waiting.length > 0;) {
      const next = this.waiting[0]!;
      taken.push({ stream: next.stream, data: next.data.subarray(0, left) });
      left -= next.data.length;
      if (left >= 0) this.waiting.shift();
      else next.data = next.data.subarray(next.data.length + left);
    }
    return taken;
  }

  get done(): boolean {
    return this.exitCode !== undefined && this.waiting.length === 0;
  }

  end(): void {
    this.stop.abort(new Error('ended'));
    this.stdin.end();
    this.wake();
  }
}

/** A shell: it only holds commands. */
export class Shell {
  readonly id = randomUUID().toUpperCase();
  readonly commands = new Map<string, RunningCommand>();

  constructor(readonly env: Readonly<Record<string, string>>) {}

  end(): void {
    for (const command of this.commands.values()) command.end();
  }
}
