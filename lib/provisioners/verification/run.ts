import { GoldsmithError } from '../../errors';
import type { CheckResult } from '../../extension/check';
import type { Communicator } from '../../extension/communicator';
import type { ProvisionContext } from '../../extension/context';
import { environmentOf } from '../environment';
import type { VerificationConfig } from '../verification';
import { checkCommand } from './command';
import { checkFile } from './file';
import { checkGoss } from './goss';
import { Guest } from './guest';
import { checkIdentity } from './identity';
import { checkPort, portOf } from './port';
import { checksShape } from './props';
import { checkService } from './service';
import { checkTemporaryKeys } from './temporary-keys';

/** Runs all checks, also after one failed, and says of each how it went. */
export async function runVerification(
  config: VerificationConfig,
  machine: Communicator,
  ctx: ProvisionContext,
): Promise<void> {
  refuseWindows(config, machine);
  const guest = new Guest(machine, ctx, environmentOf(config, ctx.variables));
  const results: CheckResult[] = [];
  for await (const result of checksOf(config, guest)) {
    ctx.check(result);
    results.push(result);
  }
  const failed = results.filter(({ state }) => state === 'failed');
  if (failed.length === 0) return;
  const list = failed.map(({ name, wrong }) => `${name}: ${wrong.join(', ')}`);
  throw new GoldsmithError(
    'VERIFICATION_FAILED',
    `${failed.length} of ${results.length} checks failed: ${list.join('; ')}`,
    { output: failed.flatMap(({ output }) => output ?? []).join('\n') || undefined },
  );
}

/** In this order: what is waited for comes first, so that commands find it there; what takes longest comes last. */
async function* checksOf(config: VerificationConfig, guest: Guest): AsyncGenerator<CheckResult> {
  const { within } = config;
  const ports = (config.ports ?? []).map(portOf);
  for (const entry of config.services ?? []) yield await checkService(entry, within, guest);
  for (const entry of ports.filter(({ listening }) => listening !== false)) yield await checkPort(entry, within, guest);
  for (const entry of config.commands ?? []) yield await checkCommand(entry, guest);
  for (const entry of config.files ?? []) yield await checkFile(entry, guest);
  for (const entry of ports.filter(({ listening }) => listening === false)) yield await checkPort(entry, within, guest);
  if (config.noTemporaryKeys === true) yield await checkTemporaryKeys(guest);
  if (config.goss !== undefined) yield* await checkGoss({ ...config, goss: config.goss }, guest);
  if (config.uniqueIdentity === true) yield* await checkIdentity(guest);
}

function refuseWindows(config: VerificationConfig, { guest }: Communicator): void {
  if (guest === 'unix') return;
  const checks = Object.keys(config).filter((name) => name in checksShape && name !== 'within');
  throw new GoldsmithError(
    'VERIFICATION_FAILED',
    `the machine runs Windows, and the checks (${checks.join(', ')}) need a POSIX shell`,
    { hint: 'write a VerificationBase of your own for Windows, as docs/extensions.md shows for steps' },
  );
}
