import { GoldsmithError } from '../errors';
import type { Communicator, ExecResult } from '../extension/communicator';
import type { ProvisionContext } from '../extension/context';
import { parseDuration } from '../util/duration';
import { Tail } from '../util/tail';
import { whatFailed, type Script } from './scripts';
import { NOT_PLACED } from './shell-program';
import { statusOf, stepFailed } from './step-failed';
import { whenReachable } from './when-reachable';

const START_RETRY_TIMEOUT = '5m';

interface RunConfig {
  readonly validExitCodes?: readonly number[] | undefined;
  readonly startRetryTimeout?: string | undefined;
  readonly pauseAfter?: string | undefined;
}

/** Runs scripts one after another; each is started again as long as the machine cannot be reached. */
export async function runScripts(
  config: RunConfig,
  scripts: readonly Script[],
  ctx: ProvisionContext,
  exec: (script: Script, output: Tail) => Promise<ExecResult>,
): Promise<void> {
  const timeout = parseDuration(config.startRetryTimeout ?? START_RETRY_TIMEOUT);
  const allowed = config.validExitCodes ?? [0];
  for (const script of scripts) {
    if (scripts.length > 1) ctx.say(`running ${script.name}`);
    const output = new Tail();
    const result = await whenReachable(ctx, timeout, () => exec(script, output));
    const status = statusOf(result);
    const text = output.toString();
    if (status === NOT_PLACED && text.includes('goldsmith could not write')) throw notPlaced(script, text);
    if (status === undefined || !allowed.includes(status))
      throw stepFailed(failedPart(script, text), result, text, allowed);
  }
  if (config.pauseAfter !== undefined) await ctx.clock.sleep(parseDuration(config.pauseAfter), ctx.signal);
}

/** Of inline commands the one that PowerShell's last message points at (`At C:\…\script.ps1:3 char:1`). */
function failedPart(script: Script, output: string): string {
  const line = [...output.matchAll(/\.ps1:(\d+) char:/g)].at(-1)?.[1];
  return whatFailed(script, 'script', line === undefined ? output : `script: ${line}: `);
}

function notPlaced(script: Script, output: string): GoldsmithError {
  return new GoldsmithError('TRANSFER_FAILED', `${script.name} could not be written on the machine`, {
    hint: 'its folder must exist, be writable for the login user and have space left; `remotePath` names another one',
    output,
  });
}

/** Inline commands as one script, with the line on which each begins. */
export function inlineOf(inline: readonly string[], bytes: Buffer): Script {
  let line = 1;
  const commands = inline.map((command) => {
    const entry = { command, line };
    line += command.split('\n').length;
    return entry;
  });
  return { name: 'the inline commands', bytes, inline: commands };
}

/** Refuses a machine that is not Windows. */
export function needWindows(machine: Communicator, what: string): void {
  if (machine.guest === 'windows') return;
  throw new GoldsmithError('STEP_FAILED', `${what} needs Windows, but the machine runs unix`, {
    hint: 'use `only` or `except` to leave out this source; `shell` and `reboot` do it on unix',
  });
}
