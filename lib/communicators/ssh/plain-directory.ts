import * as fsp from 'node:fs/promises';
import type { TransferOptions } from '../../extension/communicator';
import { shellQuote } from '../../util/quote';
import { runHelper } from './helper';
import type { Runner } from './run';
import { entriesOf } from './upload-directory';
import { localOf, partName, uploadByShell } from './upload-file';

/** Copies a folder to a machine that has neither tar nor SFTP: file by file, through its shell. */
export async function uploadPlainly(
  runner: Runner,
  local: string,
  remote: string,
  options: TransferOptions,
): Promise<void> {
  const { signal } = options;
  const doing = `copying ${local} to ${remote} on the machine`;
  const entries = await entriesOf(local);
  const lines = [`mkdir -p -- ${shellQuote(remote)} || exit 1`];
  const modes: string[] = [];
  for (const { name, file, stat } of entries) {
    const at = shellQuote(`${remote}/${name}`);
    if (stat.isDirectory()) {
      lines.push(`mkdir -p -- ${at} || exit 1`);
      modes.push(`chmod ${(stat.mode & 0o7777).toString(8)} ${at} || exit 1`);
    } else if (stat.isSymbolicLink()) {
      lines.push(`rm -f -- ${at}; ln -s -- ${shellQuote(await fsp.readlink(file))} ${at} || exit 1`);
    }
  }
  const run = (script: readonly string[]): Promise<string> =>
    runHelper(runner, { script: '. /dev/stdin', args: [], stdin: Buffer.from(script.join('\n')), signal, doing });
  await run(lines);
  for (const { name, file, stat } of entries) {
    if (!stat.isFile()) continue;
    const target = `${remote}/${name}`;
    await uploadByShell(runner, await localOf(file, undefined), target, partName(target), options);
  }
  if (modes.length > 0) await run(modes.reverse());
}
