import * as os from 'node:os';
import { GoldsmithError, located, type Problem } from '../errors';
import { canonical } from '../plan/digest';
import type { Json } from '../plan/json';
import type { BuildNode, Plan } from '../plan/schema';
import { resolveBase } from './base';
import { checked } from './config';
import { runContext } from './context';
import { openServices } from './open';
import { lookupValues } from './lookups';
import type { RunOptions } from './options';
import { isKnown, preflight, preflightProcess } from './preflight';
import { Redactor } from './redact';
import { resolveConfig } from './resolve';
import { select } from './select';
import type { Services } from './services';
import { sourceOf } from './steps';

/** A lookup that was resolved anew. */
export interface LookupMove {
  readonly label: string;
  readonly moved: boolean;
}

/** Resolves every lookup of a plan anew and writes the lock file. Nothing is built. */
export async function updateLookups(plan: Plan, options: RunOptions): Promise<readonly LookupMove[]> {
  const services = look(plan, { ...options, update: true });
  const moves: LookupMove[] = [];
  try {
    const before = await services.lock.all();
    for (const node of services.plan.nodes) {
      if (node.kind !== 'build' || !node.source.base || !('$lookup' in node.source.base)) continue;
      const { $lookup: id } = node.source.base;
      const { label } = plan.lookups[id]!;
      if (services.lookups.has(id)) continue;
      await withDriver(
        node,
        services,
        async (config, driver, ctx) => void (await resolveBase(node, config, driver, ctx, services)),
      );
      const now = await services.lookups.get(id)!;
      moves.push({ label, moved: canonical(before[label]?.resolved ?? null) !== canonical(now) });
    }
    for (const [id, { use, label }] of Object.entries(services.plan.lookups)) {
      if (services.lookups.has(id) || !services.extensions.has('lookup', use)) continue;
      const now = await lookupValues(id, services);
      moves.push({ label, moved: canonical(before[label]?.resolved ?? null) !== canonical(now) });
    }
    return moves;
  } finally {
    await services.extensions.close();
  }
}

/** Everything that can be found wrong without building: configs, modules, and what the platforms' preflight says. */
export async function validate(plan: Plan, options: RunOptions): Promise<readonly Problem[]> {
  const services = look({ ...plan, nodes: [...select(plan, options.select).nodes] }, options);
  const problems: Problem[] = [];
  try {
    for (const node of services.plan.nodes) {
      const note = (error: unknown): void => {
        const source = sourceOf(services, { id: node.id, node });
        problems.push(...located(error, { path: node.id, source }, 'PREFLIGHT_FAILED').problems);
      };
      try {
        if (node.kind === 'build') {
          for (const step of node.provisioners) services.extensions.get('provisioner', step.use);
          if (isKnown(node.source.config as Json, services)) {
            await withDriver(node, services, async (config, driver, ctx) => {
              problems.push(...(await preflight(node, config, driver, ctx, services)));
            });
          }
        } else if (node.kind === 'process') {
          problems.push(...(await preflightProcess(node, services, services.signal)));
        } else services.extensions.get('provisioner', node.step.use);
      } catch (error) {
        note(error);
      }
    }
    return problems;
  } finally {
    await services.extensions.close();
  }
}

type Driver = Awaited<ReturnType<Services['extensions']['driver']>>;

async function withDriver(
  node: BuildNode,
  services: Services,
  body: (config: unknown, driver: Driver, ctx: ReturnType<typeof runContext>['ctx']) => Promise<void>,
): Promise<void> {
  const { ctx } = runContext(services, { node, signal: services.signal });
  const driver = await services.extensions.driver(node.source.use, ctx);
  const { schema } = services.extensions.get('platform', node.source.use);
  await body(checked(node.source, schema, await resolveConfig(node.source.config, services)), driver, ctx);
}

/** Services for looking only: nothing is created, so nothing is journalled. */
function look(plan: Plan, options: RunOptions): Services {
  const refuse = async (): Promise<never> => {
    throw new GoldsmithError('INTERNAL', 'something would be created where only looking is allowed');
  };
  const clock = options.clock ?? { now: () => Date.now() };
  return openServices(plan, options, {
    run: { id: 'look', app: plan.app, startedAt: clock.now() },
    tempDir: os.tmpdir(),
    journal: { append: refuse, close: async () => undefined },
    redactor: new Redactor(),
    forced: new Set(),
    emit: () => undefined,
  });
}
