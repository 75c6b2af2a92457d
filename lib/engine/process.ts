import * as path from 'node:path';
import { GoldsmithError } from '../errors';
import type { Artifact } from '../extension/artifact';
import type { ProcessContext } from '../extension/context';
import { sha256 } from '../plan/digest';
import type { Json } from '../plan/json';
import type { BuildNode, ProcessNode } from '../plan/schema';
import { lockFile } from '../util/file-lock';
import { findCached, revisionOf } from './cache';
import { carriedBy, firstBuildOf, originsOf, type Carried } from './carried';
import { checked } from './config';
import { resourceContext, variablesOf } from './context';
import { stepKey } from './keys';
import { knowLookups } from './lookups';
import { resolveConfig } from './resolve';
import { Scope } from './scope';
import type { NodeOutcome, Services } from './services';
import { runStep } from './steps';

/** A post-processor on the artifacts that are handed to it: cached? → run → record. */
export async function runProcess(node: ProcessNode, services: Services, signal: AbortSignal): Promise<NodeOutcome> {
  const taken = carriedBy(node.inputs, services);
  const inputs = taken.map(({ artifact }) => artifact);
  const extension = services.extensions.get('post-processor', node.step.use);
  if (inputs.length === 0 && extension.runsWithoutInput !== true) {
    services.emit({
      type: 'message',
      level: 'info',
      node: node.id,
      text: 'its inputs make no artifact, so there is nothing to do',
    });
    return { state: 'succeeded', builtAt: services.clock.now(), key: '' };
  }
  const build = firstBuildOf(node, services);
  await knowLookups(node.step.config as Json, services);
  const key = stepKey('process', node.step, revisionOf(node, services), inputs, services);
  const scope = new Scope(node.id, services);
  const previous = (await services.catalog.latest(services.run.app, node.id))?.artifact;
  const { ctx } = resourceContext(services, { node, signal }, scope, previous);
  // Where nothing was taken, no digest says whether the machine behind it changed.
  const cached = inputs.length === 0 ? undefined : await findCached(node, key, ctx, services);
  if (cached) {
    await services.catalog.touch(cached);
    return { state: 'cached', ...made(cached.artifact, taken, build), builtAt: cached.builtAt, key };
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
        variables: variablesOf(build, services),
        origins: originsOf(taken, services),
        leaveUnfinished: (resource, detail) => scope.leaveUnfinished(resource, detail),
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
    if (!done) return { state: 'succeeded', ...made(undefined, taken, build), builtAt, key };
    const outcome = made(result, taken, build);
    const { run } = services;
    const record = { app: run.app, node: node.id, use: node.step.use, key, run: run.id, builtAt, digest: node.digest };
    await services.catalog.record({ ...record, ...(outcome.artifact && { artifact: outcome.artifact }) });
    await scope.commit();
    return { state: 'succeeded', ...outcome, builtAt, key };
  } finally {
    for (const release of locks.reverse()) await release();
    await scope.close();
  }
}

/** What it made, else what it took: shown where it is one, handed on in any case. */
function made(
  result: Artifact | undefined,
  taken: readonly Carried[],
  build: BuildNode,
): Pick<NodeOutcome, 'artifact' | 'carries'> {
  if (result) return { artifact: result, carries: [{ artifact: result, build: taken[0]?.build ?? build.id }] };
  return { artifact: taken.length === 1 ? taken[0]!.artifact : undefined, carries: taken };
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
