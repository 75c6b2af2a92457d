import { GoldsmithError } from '../errors';
import type { ExecResult } from '../extension/communicator';

/** The exit status by which Packer names a lost connection (packersdk.CmdDisconnect). */
export const DISCONNECTED = 2300218;

/** How a command ended, as a status: what shells and Packer make of it. */
export function statusOf(result: ExecResult): number | undefined {
  if (result.ended === 'exit') return result.code;
  return result.ended === 'disconnect' ? DISCONNECTED : undefined;
}

/** The error of a step whose script failed. */
export function stepFailed(
  what: string,
  result: ExecResult,
  output: string,
  allowed: readonly number[],
): GoldsmithError {
  const but = allowed.length === 1 && allowed[0] === 0 ? '' : `, but allowed are ${allowed.join(', ')}`;
  return new GoldsmithError('STEP_FAILED', `${what} ${endOf(result)}${but}`, {
    hint: hintFor(result),
    output: output === '' ? undefined : output,
  });
}

function endOf(result: ExecResult): string {
  if (result.ended === 'signal') return `was ended by ${result.signal}`;
  if (result.ended === 'exit') return `ended with exit status ${result.code}`;
  return `lost its connection to the machine (exit status ${DISCONNECTED})`;
}

function hintFor(result: ExecResult): string | undefined {
  if (result.ended === 'disconnect')
    return 'where the script restarts the machine on purpose, say `expectDisconnect: true`';
  if (result.ended === 'signal') return undefined;
  // POSIX, Shell Command Language, 2.8.2; 128+n is what shells make of signal n.
  if (result.code === 126)
    return '126 means that something was found but cannot be executed: a folder, or no execute permission';
  if (result.code === 127) return '127 means that a command was not found: is it installed, and in PATH?';
  if (result.code === 137) return '137 means that it was killed (SIGKILL), most often for lack of memory';
  return undefined;
}
