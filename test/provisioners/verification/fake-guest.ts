import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Communicator } from '../../../lib/extension';
import { scriptedMachine } from '../support';

/** Files by path, each with its content; `bin/x` is a program. */
export type Files = Readonly<Record<string, string>>;

/**
 * A machine that really runs commands, in a mount namespace of its own where folders of this machine are replaced by others. Needs root.
 */
export function guestWith(folder: string, files: Files, replaced: readonly string[]): Communicator {
  for (const place of replaced) fs.mkdirSync(path.join(folder, place), { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    const target = path.join(folder, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, content, { mode: 0o755 });
  }
  const binds = replaced.map((place) => `mount --bind '${path.join(folder, place)}' '${place}'`);
  const enter = [...binds, `PATH='${path.join(folder, 'bin')}':$PATH`, 'exec /bin/sh -c "$0"'].join(' && ');
  return {
    ...scriptedMachine(),
    exec: (command, { stdin, onOutput }) =>
      new Promise((resolve, reject) => {
        const child = spawn('unshare', ['-m', '/bin/sh', '-c', enter, command]);
        child.on('error', reject);
        child.stdin.on('error', () => undefined);
        child.stdout.setEncoding('utf8').on('data', (text: string) => onOutput?.(text, 'stdout'));
        child.stderr.setEncoding('utf8').on('data', (text: string) => onOutput?.(text, 'stderr'));
        child.on('close', (code) => resolve({ ended: 'exit', code: code ?? -1 }));
        child.stdin.end(stdin as string | Uint8Array | undefined);
      }),
  };
}

/** Whether {@link guestWith} works here. */
export const hasNamespaces = process.getuid?.() === 0 && fs.existsSync('/usr/bin/unshare');
