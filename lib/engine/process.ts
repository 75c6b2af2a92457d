import * as path from 'node:path';
import { GoldsmithError } from '../errors';
import type { Artifact } from '../extension/artifact';
import type { BuildOrigin, ProcessContext } from '../extension/context';
import { sha256 } from '../plan/digest';
import type { BuildNode, PlanNode, ProcessNode } from '../plan/schema';
import { lockFile } from '../util/file-lock';
import { findCached, revisionOf } from './cache';
import { checked } from './config';
import { resourceContext, variablesOf } from './context';
import { stepKey } from './keys';
import { resolveConfig } from './resolve';
import { Scope } from './scope';
import type { NodeOutcome, Services } from './services';
import { runStep } from './steps';

/** A post-processor on the artifacts that are handed to it: cached? → run → record. */
export async function runProcess(node: ProcessNode, services: Services, signal: AbortSignal): Promise<NodeOutcome> {
  const inputs = node.inputs.flatMap((id) => services.outcomes.get(id)?.artifact ?? []);
  if (inputs.length === 0) {
    services.emit({
      type: 'message',
      level: 'info',
      node: node.id,
      text: 'its inputs make no artifact, so there is nothing to do',
    });
    return { state: 'succeeded', builtAt: services.clock.now(), key: '' };
  }
  const extension = services.extensions.get('post-processor', node.step.use);
  const key = stepKey('process', node.step, revisionOf(node, services), inputs, services);
  const scope = new Scope(node.id, services);
  const previous = (await services.catalog.latest(services.run.app, node.id))?.artifact;
  const { ctx } = resourceContext(services, { node, signal }, scope, previous);
  const cached = extension.cacheable === false ? undefined : await findCached(node, key, ctx, services);
  if (cached) {
    await services.catalog.touch(cached);
    return { state: 'cached', artifact: cached.artifact, builtAt: cached.builtAt, key };
  }

  refuseForeignKinds(node, extension.accepts, inputs);
  const locks: (() => Promise<void>)[] = [];
  try {
    let result: Artifact | undefined;
    const frame = {
      node,
      id: node.step.id,
      use: node.step.use,
      policy: node.step.policy,
      failure: 'PROCESS_FAILED' as const,
      signal,
    };
    const done = await runStep(services, frame, async (stepSignal) => {
      const config = checked(node.step, extension.schema, await resolveConfig(node.step.config, services));
      const held = resourceContext(services, { node, step: node.step.id, signal: stepSignal }, scope, previous);
      const processing: ProcessContext = {
        ...held.ctx,
        variables: factsOf(node, services),
        origins: originsOf(node, services),
        lockFile: async (file) => void locks.push(await lock(file, services, stepSignal)),
      };
      try {
        result = await extension.run(config, inputs, processing);
      } catch (error) {
        // What this try made and wanted to keep is not what the next one makes.
        await scope.discard();
        throw error;
      } finally {
        held.flush();
      }
    });
    const builtAt = services.clock.now();
    // Tolerated, not done: the next run tries it again.
    if (!done) return { state: 'succeeded', artifact: inputs[0], builtAt, key };
    const artifact = result ?? inputs[0];
    const { run } = services;
    const record = { app: run.app, node: node.id, use: node.step.use, key, run: run.id, builtAt, digest: node.digest };
    await services.catalog.record({ ...record, ...(artifact && { artifact }) });
    await scope.commit();
    return { state: 'succeeded', artifact, builtAt, key };
  } finally {
    for (const release of locks.reverse()) await release();
    await scope.close();
  }
}

function refuseForeignKinds(
  node: ProcessNode,
  accepts: readonly string[] | undefined,
  inputs: readonly Artifact[],
): void {
  const foreign = inputs.find(({ kind }) => accepts && !accepts.includes(kind));
  if (!foreign) return;
  throw new GoldsmithError(
    'INCOMPATIBLE_INPUT',
    `\`${node.step.use}\` cannot take a \`${foreign.kind}\`; it takes: ${accepts!.join(', ')}`,
    { path: node.id },
  );
}

function lock(file: string, services: Services, signal: AbortSignal): Promise<() => Promise<void>> {
  const name = sha256(path.resolve(services.projectDir, file)).slice(0, 32);
  return lockFile(path.join(services.stateDir, 'locks', name), { sleep: (ms) => services.clock.sleep(ms, signal) });
}

/** The builds behind the inputs, through any post-processors between. */
function originsOf(node: ProcessNode, services: Services): BuildOrigin[] {
  return node.inputs.flatMap((input) => {
    const build = buildBehind(input, services);
    const outcome = services.outcomes.get(build.id);
    const artifact = services.outcomes.get(input)?.artifact;
    if (!outcome || !artifact) return [];
    return [
      {
        build: build.id,
        image: build.image,
        use: build.source.use,
        artifact,
        cached: outcome.state === 'cached',
        builtAt: outcome.builtAt,
      },
    ];
  });
}

function factsOf(node: ProcessNode, services: Services): Readonly<Record<string, string>> {
  return variablesOf(buildBehind(node.inputs[0]!, services), services);
}

function buildBehind(id: string, services: Services): BuildNode {
  const node = services.plan.nodes.find(
    (other): other is Exclude<PlanNode, { kind: 'verify' }> => other.id === id && other.kind !== 'verify',
  )!;
  return node.kind === 'build' ? node : buildBehind(node.inputs[0]!, services);
}
