import { GoldsmithError } from '../../errors';
import type { RunContext } from '../../extension/context';
import type { PlatformExtension } from '../../extension/platform';
import type { SandboxDriver } from './sandbox-driver';
import { sandboxSchema, type SandboxConfig, type SandboxConfigProps } from './sandbox-props';

/** The sandbox, as the engine finds it. */
export const sandbox: PlatformExtension<SandboxConfigProps, SandboxConfig> = {
  kind: 'platform',
  use: 'sandbox',
  module: 'goldsmith/sandbox',
  schema: sandboxSchema,
  captureProps: ['format', 'changes', 'compression', 'sourceDateEpoch', 'reference'],
  passiveProps: ['login'],
  nameProps: ['output'],
  produces: (config) => config.format ?? 'oci-archive',
  outputs: ({ output }) => (output === undefined ? [] : [output]),
  probe: (ctx) => (require('./probe') as typeof import('./probe')).probe(ctx),
  load: loadSandbox,
};

/** The driver, with what it can do beside its verbs. */
export async function loadSandbox(ctx: RunContext): Promise<SandboxDriver> {
  const { findAbility } = require('./machine/ability') as typeof import('./machine/ability');
  const { SandboxDriver: Driver } = require('./sandbox-driver') as typeof import('./sandbox-driver');
  const { Store } = require('./store/store') as typeof import('./store/store');
  const store = new Store(ctx.stateDir);
  await store.open();
  const found = await findAbility(store.root, ctx);
  if (!found.able) throw new GoldsmithError('PLATFORM_UNAVAILABLE', found.reason, { hint: found.hint });
  if (found.ability.privilege.mode === 'single') ctx.warn(`the sandbox runs without root: ${found.limits[0]}`);
  return new Driver(found.ability, store);
}
