import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { FileStore } from '../catalog/file-store';
import { run } from '../engine/engine';
import { stateDirOf } from '../engine/open';
import type { RunOptions, RunReport } from '../engine/options';
import type { Plan } from '../plan/schema';
import type { InventoryEntry } from './inventory';
import { openRehearsal } from './open';
import type { RehearsalOptions } from './options';
import { rehearsalStore } from './store';

/** How a rehearsal of builds ended. */
export interface RehearsalReport extends RunReport {
  /** What decided all that was random. */
  readonly seed: string;
  /** What a real run would have created. */
  readonly created: readonly InventoryEntry[];
  /** What of it is still there, and part of no artifact: in a real account it would go on costing money. */
  readonly leaked: readonly InventoryEntry[];
  /** What went wrong within, such as an instance that could not start. */
  readonly warnings: readonly string[];
}

/** Environment that could lead a client elsewhere, or have it read a person's own credentials. */
const FOREIGN =
  /^AWS_(PROFILE|DEFAULT_PROFILE|SESSION_TOKEN|SECURITY_TOKEN|SHARED_CREDENTIALS_FILE|CONFIG_FILE|ROLE_ARN|ROLE_SESSION_NAME|WEB_IDENTITY_TOKEN_FILE|CONTAINER_\w+|ENDPOINT_URL\w*|IGNORE_CONFIGURED_ENDPOINT_URLS|CA_BUNDLE|USE_FIPS_ENDPOINT|USE_DUALSTACK_ENDPOINT)$/;

/**
 * Builds a plan against embedded clouds: the same calls on the wire, the same commands really run, no account needed. Sources of
 * platforms without an embedded cloud build as they are. State and lock file are the rehearsal's own, so that nothing of it is ever
 * taken for a real build.
 */
export async function rehearse(
  plan: Plan,
  options: RunOptions,
  rehearsal: RehearsalOptions = {},
): Promise<RehearsalReport> {
  const real = stateDirOf(options);
  const stateDir = path.join(real, 'rehearsal');
  const store =
    options.store ??
    rehearsalStore(new FileStore(path.join(stateDir, 'store')), new FileStore(path.join(real, 'store')));
  const env = options.env ?? {};
  const warnings: string[] = [];
  const clouds = await openRehearsal({
    anyKey: true,
    ...rehearsal,
    projectDir: path.resolve(options.projectDir),
    stateDir,
    env,
    ...(options.clock && { clock: options.clock }),
    onWarning: (text) => void warnings.push(text),
  });
  const lockFile = path.join(stateDir, 'goldsmith.lock.json');
  try {
    // The embedded clouds are new each time, and so is what a lookup finds there.
    await fs.rm(lockFile, { force: true });
    const report = await run(plan, {
      ...options,
      store,
      stateDir,
      lockFile,
      env: { ...harmless(env), ...clouds.environment },
    });
    await clouds.settle();
    const created = clouds.inventory();
    const leaked = leaksOf(created, report);
    return { ...report, ok: report.ok && leaked.length === 0, seed: clouds.seed, created, leaked, warnings };
  } finally {
    await clouds.close();
  }
}

function harmless(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !FOREIGN.test(name)));
}

/** What is there and neither part of an artifact, nor kept since the user asked for that. */
function leaksOf(created: readonly InventoryEntry[], { nodes, left }: RunReport): readonly InventoryEntry[] {
  const known = JSON.stringify([nodes.map(({ artifact }) => artifact), left.filter(({ why }) => why !== 'leaked')]);
  const there = new Map(created.filter(({ deletedAt }) => deletedAt === undefined).map((entry) => [entry.id, entry]));
  const isKnown = ({ id, detail, lasts }: InventoryEntry): boolean =>
    known.includes(id) || (lasts && known.includes(JSON.stringify(detail)));
  return [...there.values()].filter((entry) => {
    const owner = entry.partOf === undefined ? undefined : there.get(entry.partOf);
    return !isKnown(entry) && !(owner && isKnown(owner));
  });
}
