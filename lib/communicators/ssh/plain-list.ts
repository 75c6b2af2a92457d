import * as fsp from 'node:fs/promises';
import * as path from 'node:path';
import type { TransferOptions } from '../../extension/communicator';
import { Folders, insideName } from '../../util/tar/folders';
import { downloadByShell } from './download';
import { runHelper } from './helper';
import type { Runner } from './run';

/** Prints what is in a folder: a letter for its kind, its name, and where a link leads, each ended by a slash and a break. */
const WALK = `
walk() {
  for e in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    if [ -L "$e" ]; then printf 'l%s/\\n%s/\\n' "$e" "$(readlink "$e")"
    elif [ -d "$e" ]; then printf 'd%s/\\n' "$e"; walk "$e"
    elif [ -f "$e" ]; then printf 'f%s/\\n' "$e"
    fi
  done
}
cd "$1" && walk .`;

/** Fetches a folder of a machine that has neither tar nor SFTP: file by file, through its shell. */
export async function plainList(
  runner: Runner,
  remote: string,
  local: string,
  options: TransferOptions,
): Promise<void> {
  const doing = `copying ${remote} of the machine to ${local}`;
  const text = await runHelper(runner, { script: WALK, args: [remote], signal: options.signal, doing });
  const folders = new Folders(local);
  await folders.ensure('');
  const parts = text.split('/\n').values();
  for (const part of parts) {
    const name = insideName(part.slice(1));
    const target = part.startsWith('l') ? parts.next().value : undefined;
    if (name === undefined || name === '') continue;
    await folders.ensure(part.startsWith('d') ? name : path.posix.dirname(name));
    if (part.startsWith('d')) continue;
    const file = path.join(local, name);
    await fsp.rm(file, { recursive: true, force: true });
    if (target !== undefined) await fsp.symlink(target, file);
    else await downloadByShell(runner, `${remote}/${name}`, file, options);
  }
}
