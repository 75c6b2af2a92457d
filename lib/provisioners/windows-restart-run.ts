import { GoldsmithError } from '../errors';
import type { Communicator } from '../extension/communicator';
import type { ProvisionContext } from '../extension/context';
import { parseDuration } from '../util/duration';
import { powershellProgram, psQuote } from '../util/powershell';
import { restart } from './reboot-run';
import type { WindowsRestartConfig } from './windows-restart';
import { needWindows } from './windows-run';

/** ERROR_SHUTDOWN_IN_PROGRESS and ERROR_SHUTDOWN_IS_SCHEDULED (Microsoft Learn, system error codes). */
const UNDER_WAY = [1115, 1190];
const TIMEOUT = '5m';
const SERVICING = 'HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing';
const KEYS = ['RebootPending', 'PackagesPending', 'RebootInProgress'].map((key) => `${SERVICING}\\${key}`);

/** Restarts the machine, and waits until it is steady, and Windows at rest where that is asked for. */
export async function runWindowsRestart(
  config: WindowsRestartConfig,
  machine: Communicator,
  ctx: ProvisionContext,
): Promise<void> {
  needWindows(machine, 'the windows-restart provisioner');
  const { restartCommand: command, restartCheckCommand: checkCommand, restartTimeout } = config;
  await restart({ command, checkCommand, restartTimeout }, machine, ctx, UNDER_WAY);
  if (config.checkRegistry !== true) return;
  const keys = config.registryKeys ?? KEYS;
  const timeout = parseDuration(restartTimeout ?? TIMEOUT);
  let left = '';
  await ctx
    .poll(
      'Windows to finish what it does after a restart',
      async () => ((left = await firstOf(keys, machine, ctx)) === '' ? true : undefined),
      { timeout },
    )
    .catch((error: unknown) => {
      if (!GoldsmithError.is(error) || error.code !== 'STEP_TIMEOUT') throw error;
      throw new GoldsmithError(
        'STEP_TIMEOUT',
        `the machine was restarted, but after ${Math.round(timeout / 1000)} s its registry still has ${left}`,
        {
          hint: 'raise `restartTimeout`; another restart may be needed',
          cause: error,
        },
      );
    });
}

/** The first of the keys that is there; empty where none is. */
async function firstOf(keys: readonly string[], machine: Communicator, ctx: ProvisionContext): Promise<string> {
  const { command, stdin } = powershellProgram(
    `foreach ($key in @(${keys.map(psQuote).join(', ')})) { if (Test-Path $key) { [Console]::Out.WriteLine($key); exit 0 } }\n` +
      "[Console]::Out.WriteLine('none')",
  );
  let printed = '';
  const onOutput = (text: string, stream: 'stdout' | 'stderr'): void =>
    void (printed += stream === 'stdout' ? text : '');
  const result = await machine.exec(command, { signal: ctx.signal, stdin, onOutput });
  const [line = ''] = printed.trim().split('\n');
  if (result.ended !== 'exit' || line === '') return 'what cannot be read';
  return line === 'none' ? '' : line.trim();
}
