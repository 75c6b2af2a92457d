import { GoldsmithError } from '../errors';
import type { Artifact } from '../extension/artifact';
import type { Communicator } from '../extension/communicator';
import type { ProvisionContext, ResourceContext } from '../extension/context';
import type { Json } from '../plan/json';
import type { BuildNode, VerifyNode } from '../plan/schema';
import { bootArtifact, lendMachine } from './boot-artifact';
import { findCached, revisionOf } from './cache';
import { checked } from './config';
import { provisionContext, resourceContext, runContext, variablesOf } from './context';
import { stepKey } from './keys';
import { knowLookups } from './lookups';
import { heldFiles } from './held';
import { resolveConfig } from './resolve';
import { Scope } from './scope';
import type { NodeOutcome, Services } from './services';
import { runStep, type StepFrame } from './steps';

/** Starts the finished artifact afresh, runs the checks on it, and destroys it: launch → connect → checks. */
export async function runVerify(node: VerifyNode, services: Services, signal: AbortSignal): Promise<NodeOutcome> {
  const artifact = services.outcomes.get(node.build)?.artifact;
  await knowLookups(node.step.config as Json, services);
  const key = stepKey('verify', node.step, revisionOf(node, services), [artifact], services);
  const cached = await findCached(node, key, runContext(services, { node, signal }).ctx, services);
  if (cached) {
    if (cached.checks) services.checks.set(node.id, cached.checks);
    return { state: 'cached', builtAt: cached.builtAt, key };
  }
  if (!artifact) {
    services.emit({
      type: 'message',
      level: 'warning',
      node: node.id,
      text: `${node.build} makes no artifact, so there is nothing to verify`,
    });
    return { state: 'succeeded', builtAt: services.clock.now(), key };
  }

  const done = await check(node, artifact, services, signal);
  const builtAt = services.clock.now();
  const { run } = services;
  // Tolerated, not passed: the next run looks again.
  if (!done) return { state: 'succeeded', builtAt, key };
  const checks = services.checks.get(node.id);
  await services.catalog.record({
    app: run.app,
    node: node.id,
    use: node.step.use,
    key,
    run: run.id,
    builtAt,
    digest: node.digest,
    ...(checks && { checks }),
  });
  return { state: 'succeeded', builtAt, key };
}

async function check(node: VerifyNode, artifact: Artifact, services: Services, signal: AbortSignal): Promise<boolean> {
  const build = services.plan.nodes.find((one): one is BuildNode => one.kind === 'build' && one.id === node.build)!;
  const { id, use, policy } = node.step;
  const extension = services.extensions.get('provisioner', use);
  const scope = new Scope(node.id, services);
  let communicator: Communicator | undefined;
  try {
    const frame: StepFrame = { node, id, use, policy, failure: 'VERIFICATION_FAILED', signal };
    return await runStep(services, frame, async (stepSignal) => {
      services.checks.delete(node.id);
      const place = { node, step: id, signal: stepSignal };
      const { ctx } = resourceContext(services, place, scope, undefined);
      const boot = (c: ResourceContext): Promise<Communicator> => bootArtifact(build, artifact, services, c);
      communicator = await boot(ctx);
      const config = checked(node.step, extension.schema, await resolveConfig(node.step.config, services));
      const held = provisionContext(services, place, variablesOf(build, services));
      const checking: ProvisionContext = { ...held.ctx, freshMachine: (body) => lendMachine(boot, ctx, body) };
      try {
        await extension.run(config, communicator, checking).catch((error: unknown) => {
          throw stepSignal.aborted ? error : unpublished(error, artifact);
        });
      } finally {
        held.flush();
      }
    });
  } finally {
    await communicator?.close();
    await scope.close();
  }
}

/** Says where what did not pass can be looked at. */
function unpublished(error: unknown, artifact: Artifact): unknown {
  const held = heldFiles(artifact);
  if (!GoldsmithError.is(error) || error.hint !== undefined || held.length === 0) return error;
  const names = held.map(({ becomes }) => becomes).join(', ');
  const places = held.map(({ path }) => path).join(', ');
  return new GoldsmithError(error.code, error.message, {
    hint: `${names} is not touched; what did not pass is ${places}, until it is built anew`,
    output: error.output,
    cause: error,
  });
}
