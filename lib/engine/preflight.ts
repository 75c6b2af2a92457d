import { toProblem, type Problem } from '../errors';
import type { RunContext } from '../extension/context';
import type { PlatformDriver } from '../extension/platform';
import type { Json } from '../plan/json';
import type { BuildNode, VerifyNode } from '../plan/schema';
import { checked } from './config';
import { refuseForeign } from './files';
import { resolveConfig } from './resolve';
import type { Services } from './services';
import { sourceOf } from './steps';

/** Everything that can be known to be wrong with a build before anything is created. */
export async function preflight(
  node: BuildNode,
  config: unknown,
  driver: PlatformDriver,
  ctx: RunContext,
  services: Services,
): Promise<readonly Problem[]> {
  const platform = services.extensions.get('platform', node.source.use);
  const problems = [...((await driver.preflight?.(config, ctx)) ?? [])];
  for (const output of platform.outputs?.(config) ?? []) {
    await refuseForeign(output, services).catch((error: unknown) => problems.push(toProblem(error)));
  }
  const source = sourceOf(services, { id: node.id, node });
  problems.push(...(await stepProblems(node, ctx, services)));
  return problems.map((problem) => ({ ...problem, path: problem.path ?? node.id, source: problem.source ?? source }));
}

/** What steps and verifications know to be wrong. One whose config has outputs that are not there yet is not asked. */
async function stepProblems(node: BuildNode, ctx: RunContext, services: Services): Promise<readonly Problem[]> {
  const checks = services.plan.nodes.filter((one) => one.kind === 'verify' && one.build === node.id);
  const steps = [
    ...node.provisioners.map((step) => ({ step, node })),
    ...checks.map((check) => ({ step: (check as VerifyNode).step, node: check })),
  ];
  const problems: Problem[] = [];
  for (const { step, node: owner } of steps) {
    const extension = services.extensions.get('provisioner', step.use);
    if (!extension.preflight || !isKnown(step.config as Json, services)) continue;
    const config = checked(step, extension.schema, await resolveConfig(step.config, services));
    const source = sourceOf(services, { id: step.id, node: owner });
    const found = await extension.preflight(config, ctx);
    problems.push(...found.map((problem) => ({ path: step.id, ...(source !== undefined && { source }), ...problem })));
  }
  return problems;
}

/** Whether all outputs that a config has are there. */
function isKnown(value: Json, services: Services): boolean {
  if (Array.isArray(value)) return value.every((item: Json) => isKnown(item, services));
  if (typeof value !== 'object' || value === null) return true;
  const { $output } = value as { readonly $output?: { readonly node: string } };
  if ($output) return services.outcomes.has($output.node);
  return Object.values(value).every((entry) => isKnown(entry as Json, services));
}
