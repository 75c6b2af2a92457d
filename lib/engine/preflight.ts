import { toProblem, type Problem } from '../errors';
import type { RunContext } from '../extension/context';
import type { PlatformDriver } from '../extension/platform';
import type { BuildNode } from '../plan/schema';
import { refuseForeign } from './files';
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
  return problems.map((problem) => ({ ...problem, path: problem.path ?? node.id, source: problem.source ?? source }));
}
