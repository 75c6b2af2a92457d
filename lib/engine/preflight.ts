import { located, toProblem, type Problem } from '../errors';
import type { RunContext } from '../extension/context';
import type { LaunchFrom, PlatformDriver } from '../extension/platform';
import type { Json } from '../plan/json';
import type { BuildNode, PlanNode, ProcessNode, VerifyNode } from '../plan/schema';
import { takesArtifactOf } from './base';
import { checked } from './config';
import { runContext } from './context';
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
  from?: LaunchFrom,
): Promise<readonly Problem[]> {
  const platform = services.extensions.get('platform', node.source.use);
  const problems = [...((await driver.preflight?.(config, ctx, from)) ?? [])];
  problems.push(...(await foreignOutputs(platform.outputs?.(config) ?? [], services)));
  problems.push(...(await stepProblems(node, ctx, services)));
  return placed(problems, node, services);
}

/** The same of a post-processor. Of one that uses outputs of builds nothing can be known yet. */
export async function preflightProcess(
  node: ProcessNode,
  services: Services,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const { step } = node;
  const extension = services.extensions.get('post-processor', step.use);
  if (!isKnown(step.config as Json, services) || (!extension.preflight && !extension.outputs)) return [];
  const { ctx, flush } = runContext(services, { node, signal });
  try {
    const config = checked(step, extension.schema, await resolveConfig(step.config, services));
    const problems = [...((await extension.preflight?.(config, ctx)) ?? [])];
    problems.push(...(await foreignOutputs(extension.outputs?.(config) ?? [], services)));
    return placed(problems, node, services);
  } catch (error) {
    signal.throwIfAborted();
    return placed(located(error, {}, 'PREFLIGHT_FAILED').problems, node, services);
  } finally {
    flush();
  }
}

/** The post-processors that take what a build makes, also through others: what they cannot do, no build is worth. */
export function takersOf(node: PlanNode, { plan }: Services): readonly ProcessNode[] {
  const found = new Set<ProcessNode>();
  const follow = (id: string): void => {
    for (const other of plan.nodes) {
      if (other.kind !== 'process' || found.has(other) || !takesArtifactOf(other, id)) continue;
      found.add(other);
      follow(other.id);
    }
  };
  follow(node.id);
  return [...found];
}

async function foreignOutputs(outputs: readonly string[], services: Services): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const output of outputs) {
    await refuseForeign(output, services).catch((error: unknown) => problems.push(toProblem(error)));
  }
  return problems;
}

function placed(problems: readonly Problem[], node: PlanNode, services: Services): readonly Problem[] {
  const source = sourceOf(services, { id: node.id, node });
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
export function isKnown(value: Json, services: Services): boolean {
  if (Array.isArray(value)) return value.every((item: Json) => isKnown(item, services));
  if (typeof value !== 'object' || value === null) return true;
  const { $output } = value as { readonly $output?: { readonly node: string } };
  if ($output) return services.outcomes.has($output.node);
  return Object.values(value).every((entry) => isKnown(entry as Json, services));
}
