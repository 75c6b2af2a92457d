import * as fs from 'node:fs/promises';
import { GoldsmithError } from '../../errors';
import type { CheckResult } from '../../extension/check';
import { shellQuote } from '../../util/quote';
import { freshName } from '../shell-program';
import { findGoss } from './goss-binary';
import { readGoss } from './goss-results';
import { resultOf, type Guest } from './guest';
import { lookUntil, WITHIN, type Look } from './wait';

/** What of a verification is goss's. */
export interface GossConfig {
  readonly goss?: string | undefined;
  readonly gossVarsFile?: string | undefined;
  readonly gossBinary?: string | undefined;
  readonly within?: string | undefined;
}

/** Takes the program and its files to the machine, runs it there until all is well or the time is up, and takes them away again. */
export async function checkGoss(
  config: GossConfig & { readonly goss: string },
  guest: Guest,
): Promise<readonly CheckResult[]> {
  const binary = await findGoss(config.gossBinary, guest.ctx);
  const { stdout: machine } = await guest.run('uname -m 2>/dev/null');
  if (!binary.runsOn(machine.trim()))
    return [resultOf('goss', [`the program is for another processor than the machine's, which is ${machine.trim()}`])];
  const folder = await makeFolder(guest);
  if (folder === undefined)
    return [resultOf('goss', ['no folder was found on the machine in which a program may be put and run'])];
  try {
    const command = await bring(config, binary.file, folder, guest);
    return await validate(command, config.within ?? WITHIN, guest);
  } finally {
    if (!guest.ctx.signal.aborted) await guest.runAsRoot(`rm -rf ${shellQuote(folder)}`).catch(() => undefined);
  }
}

/** Where programs may run: hardening guides have /tmp mounted noexec. */
async function makeFolder(guest: Guest): Promise<string | undefined> {
  const name = freshName();
  const { stdout } = await guest.run(`umask 077
for parent in /tmp /var/tmp "$HOME" /opt /run; do
  dir=$parent/${name}
  mkdir "$dir" 2>/dev/null || continue
  printf '#!/bin/sh\\n' > "$dir/try" && chmod 0700 "$dir/try" && "$dir/try" 2>/dev/null && { rm -f "$dir/try"; echo "$dir"; exit; }
  rm -rf "$dir"
done`);
  const folder = stdout.trim();
  return folder === '' ? undefined : folder;
}

/** Uploads what is needed. Returns the command that looks once. */
async function bring(
  { goss, gossVarsFile }: GossConfig & { readonly goss: string },
  binary: string,
  folder: string,
  { machine, ctx }: Guest,
): Promise<string> {
  const { signal } = ctx;
  const progress = { signal, onProgress: ctx.progress };
  await machine.uploadFile(binary, `${folder}/goss`, { ...progress, mode: 0o755 });
  const isFolder = (await fs.stat(goss)).isDirectory();
  if (isFolder) await machine.uploadDirectory(goss, `${folder}/files`, progress);
  else await machine.uploadFile(goss, `${folder}/goss.yaml`, { signal, mode: 0o600 });
  const vars = gossVarsFile === undefined ? '' : ` --vars ${varsName(gossVarsFile)}`;
  if (gossVarsFile !== undefined)
    await machine.uploadFile(gossVarsFile, `${folder}/${varsName(gossVarsFile)}`, { signal, mode: 0o600 });
  return `cd ${shellQuote(folder)} && ./goss -g ${isFolder ? 'files/goss.yaml' : 'goss.yaml'}${vars} validate --format json --no-color`;
}

/** goss tells by the ending how a file of variables is written. */
function varsName(file: string): string {
  return file.endsWith('.json') ? 'vars.json' : 'vars.yaml';
}

async function validate(command: string, within: string, guest: Guest): Promise<readonly CheckResult[]> {
  let results: readonly CheckResult[] = [];
  const look = async (): Promise<Look> => {
    const { stdout, tail } = await guest.runAsRoot(command);
    // Before it stands who ran it.
    const read = readGoss(stdout.slice(stdout.indexOf('\n') + 1));
    if (!read) throw new GoldsmithError('VERIFICATION_FAILED', 'goss could not check anything', { output: tail });
    results = read;
    return { wrong: read.filter(({ state }) => state === 'failed').map(({ name }) => name) };
  };
  await lookUntil('goss to find all as it should be', within, guest.ctx, look);
  return results;
}
