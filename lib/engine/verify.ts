import type { Communicator } from '../extension/communicator';
import type { BuildNode, VerifyNode } from '../plan/schema';
import { findCached, revisionOf } from './cache';
import { checked } from './config';
import { provisionContext, resourceContext, runContext, variablesOf } from './context';
import { stepKey } from './keys';
import { resolveConfig } from './resolve';
import { Scope } from './scope';
import type { NodeOutcome, Services } from './services';
import { runStep } from './steps';

/** Starts the finished artifact afresh, runs the checks on it, and destroys it: launch → connect → checks. */
export async function runVerify(node: VerifyNode, services: Services, signal: AbortSignal): Promise<NodeOutcome> {
  const artifact = services.outcomes.get(node.build)?.artifact;
  const key = stepKey('verify', node.step, revisionOf(node, services), [artifact], services);
  const cached = await findCached(node, key, runContext(services, { node, signal }).ctx, services);
  if (cached) return { state: 'cached', builtAt: cached.builtAt, key };
  if (!artifact) {
    services.emit({
      type: 'message',
      level: 'warning',
      node: node.id,
      text: `${node.build} makes no artifact, so there is nothing to verify`,
    });
    return { state: 'succeeded', builtAt: services.clock.now(), key };
  }

  const build = services.plan.nodes.find(
    (other): other is BuildNode => other.kind === 'build' && other.id === node.build,
  )!;
  const extension = services.extensions.get('provisioner', node.step.use);
  const scope = new Scope(node.id, services);
  let communicator: Communicator | undefined;
  let done: boolean;
  try {
    const frame = {
      node,
      id: node.step.id,
      use: node.step.use,
      policy: node.step.policy,
      failure: 'VERIFICATION_FAILED' as const,
      signal,
    };
    done = await runStep(services, frame, async (stepSignal) => {
      const place = { node, step: node.step.id, signal: stepSignal };
      const { ctx } = resourceContext(services, place, scope, undefined);
      const driver = await services.extensions.driver(build.source.use, ctx);
      const platform = services.extensions.get('platform', build.source.use);
      const source = checked(build.source, platform.schema, await resolveConfig(build.source.config, services));
      const machine = await driver.launch(source, { kind: 'artifact', artifact }, ctx);
      communicator = await driver.connect(machine, source, ctx);
      const config = checked(node.step, extension.schema, await resolveConfig(node.step.config, services));
      const held = provisionContext(services, place, variablesOf(build, services));
      try {
        await extension.run(config, communicator, held.ctx);
      } finally {
        held.flush();
      }
    });
  } finally {
    await communicator?.close();
    await scope.close();
  }
  const builtAt = services.clock.now();
  const { run } = services;
  // Tolerated, not passed: the next run looks again.
  if (!done) return { state: 'succeeded', builtAt, key };
  await services.catalog.record({
    app: run.app,
    node: node.id,
    use: node.step.use,
    key,
    run: run.id,
    builtAt,
    digest: node.digest,
  });
  return { state: 'succeeded', builtAt, key };
}
