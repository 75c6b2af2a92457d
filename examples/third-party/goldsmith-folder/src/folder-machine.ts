import type { Communicator, ExecOptions, ExecResult, TransferOptions } from 'goldsmith';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, rename, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { Readable } from 'node:stream';

/** Runs commands in a folder of this machine. Paths of transfers are below it. */
export class FolderMachine implements Communicator {
  readonly guest = 'unix';
  readonly facts: Readonly<Record<string, string>>;

  constructor(
    private readonly root: string,
    private readonly env: Readonly<Record<string, string | undefined>>,
  ) {
    this.facts = { Root: root };
  }

  async exec(command: string, { signal, stdin = '', onOutput }: ExecOptions): Promise<ExecResult> {
    signal.throwIfAborted();
    // A process group of its own, so that a cancelled step takes its children along.
    const child = spawn('/bin/sh', ['-c', command], {
      cwd: this.root,
      env: { PATH: this.env['PATH'], HOME: this.root, ROOT: this.root },
      detached: true,
    });
    const kill = (): void => void (child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'));
    signal.addEventListener('abort', kill, { once: true });
    child.stdout.setEncoding('utf8').on('data', (text: string) => onOutput?.(text, 'stdout'));
    child.stderr.setEncoding('utf8').on('data', (text: string) => onOutput?.(text, 'stderr'));
    // A command that does not read all of its input is no error.
    child.stdin.on('error', () => undefined);
    (stdin instanceof Readable ? stdin : Readable.from([stdin])).pipe(child.stdin);
    try {
      const [code, ended] = (await once(child, 'close')) as [number | null, string | null];
      signal.throwIfAborted();
      return code === null ? { ended: 'signal', signal: ended ?? 'SIGKILL' } : { ended: 'exit', code };
    } finally {
      signal.removeEventListener('abort', kill);
    }
  }

  async uploadFile(
    local: string | Uint8Array,
    remote: string,
    { mode }: TransferOptions & { readonly mode?: number },
  ): Promise<void> {
    const target = path.join(this.root, remote);
    // A half-copied file is never seen under its name.
    const temporary = `${target}.part`;
    if (typeof local === 'string') await cp(local, temporary);
    else await writeFile(temporary, local);
    if (mode !== undefined) await chmod(temporary, mode);
    await rename(temporary, target);
  }

  async uploadDirectory(local: string, remote: string): Promise<void> {
    await copyInto(local, path.join(this.root, remote));
  }

  async downloadFile(remote: string, local: string): Promise<void> {
    await cp(path.join(this.root, remote), local);
  }

  async downloadDirectory(remote: string, local: string): Promise<void> {
    await copyInto(path.join(this.root, remote), local);
  }

  async close(): Promise<void> {
    // Nothing is open between commands.
  }
}

async function copyInto(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await cp(from, to, { recursive: true, verbatimSymlinks: true });
}
