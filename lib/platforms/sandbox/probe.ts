import * as path from 'node:path';
import type { RunContext } from '../../extension/context';
import type { PlatformProbe } from '../../extension/platform';

/** Whether machines can be made on this machine: puts a tiny one together, and takes it down. */
export async function probe(ctx: RunContext): Promise<PlatformProbe> {
  const { findAbility } = require('./machine/ability') as typeof import('./machine/ability');
  const found = await findAbility(path.join(ctx.stateDir, 'sandbox'), ctx);
  if (!found.able) return { ok: false, detail: found.reason, fix: found.hint };
  const how = {
    root: 'as root',
    mapped: 'without root, with the ids of /etc/subuid',
    single: 'without root, with one id',
  };
  return { ok: true, detail: [how[found.ability.privilege.mode], ...found.limits].join('; ') };
}
