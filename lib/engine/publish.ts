import type { NodeRecord } from '../catalog/catalog';
import type { Artifact, ResourceRecord } from '../extension/artifact';
import type { ResourceContext } from '../extension/context';
import type { PublishContext } from '../extension/platform';
import type { BuildNode, VerifyNode } from '../plan/schema';
import { checked } from './config';
import { resourceContext } from './context';
import type { NodeResult } from './events';
import { outputIsThere, putInPlace } from './files';
import { heldFile, heldFiles, renamed } from './held';
import { publishKey } from './keys';
import { resolveConfig } from './resolve';
import { Scope } from './scope';
import type { Services } from './services';

/**
 * Publishes what a build made: files that waited are put in their places, and the platform gives it its names. The record says so first:
 * where the process dies in between, the next run goes on with it.
 */
export async function publish(
  record: NodeRecord,
  node: BuildNode,
  services: Services,
  signal: AbortSignal,
): Promise<Artifact> {
  const scope = new Scope(node.id, services, 'publish');
  const { ctx, flush } = resourceContext(services, { node, signal }, scope, undefined);
  const { use, config } = node.source;
  const platform = services.extensions.get('platform', use);
  const isRecorded = platform.cacheable !== false;
  const { held: _held, ...rest } = record;
  try {
    const driver = await services.extensions.driver(use, ctx);
    const resolved = checked(node.source, platform.schema, await resolveConfig(config, services));
    if (isRecorded) await services.catalog.amend({ ...record, held: 'publishing' });
    const placed = await place(record.artifact!, services);
    const artifact =
      (await driver.publish?.(placed, resolved, publishContext(rest, node, scope, ctx, services))) ?? placed;
    const published = publishKey(node, services);
    if (isRecorded) await services.catalog.record({ ...rest, artifact, ...(published !== undefined && { published }) });
    await scope.commit();
    const names = heldFiles(record.artifact!).map(({ becomes }) => becomes);
    if (names.length > 0) ctx.say(`passed its checks: ${names.join(', ')} is in its place`);
    return artifact;
  } finally {
    flush();
    await scope.close();
  }
}

/** A context for publishing. What is recorded so far is found by the next run as just being published. */
export function publishContext(
  record: Omit<NodeRecord, 'artifact' | 'held'>,
  { source }: BuildNode,
  scope: Scope,
  ctx: ResourceContext,
  services: Services,
): PublishContext {
  const { cacheable, publishProps } = services.extensions.get('platform', source.use);
  return {
    ...ctx,
    recordSoFar: async (artifact) => {
      if (cacheable === false || !publishProps) return;
      await services.catalog.amend({ ...record, artifact, held: 'publishing' });
      await scope.commit();
    },
  };
}

async function place(artifact: Artifact, services: Services): Promise<Artifact> {
  const resources: ResourceRecord[] = [];
  for (const resource of artifact.resources) {
    const held = heldFile(resource);
    resources.push(held ? await putInPlace(resource, held, services) : resource);
  }
  const names = new Map(heldFiles(artifact).map(({ path, becomes }) => [path, becomes]));
  return { ...renamed(artifact, names), resources };
}

/** Publishes what a verification was the last to pass; the report then names it by its place. */
export async function publishVerified(
  node: VerifyNode,
  services: Services,
  results: Map<string, NodeResult>,
  signal: AbortSignal,
): Promise<void> {
  const outcome = services.outcomes.get(node.build);
  const all = services.plan.nodes.filter((one) => one.kind === 'verify' && one.build === node.build);
  if (!outcome?.held || !all.every(({ id }) => services.outcomes.has(id))) return;
  const build = services.plan.nodes.find((one): one is BuildNode => one.kind === 'build' && one.id === node.build)!;
  const { held, ...rest } = outcome;
  const artifact = await publish(held, build, services, signal);
  services.outcomes.set(build.id, { ...rest, artifact });
  const result = results.get(build.id);
  if (result) results.set(build.id, { ...result, artifact: services.redactor.cleanDeep(artifact) });
}

/** Goes on with what a run that died was just publishing. It had passed its checks. */
export async function finishPublishing(
  key: string,
  node: BuildNode,
  services: Services,
  signal: AbortSignal,
): Promise<void> {
  const record = await services.catalog.byKey(key);
  if (record?.held !== 'publishing' || !record.artifact) return;
  for (const resource of record.artifact.resources) {
    const held = heldFile(resource);
    // What is lost is built anew.
    if (held && !(await outputIsThere(resource, held, services))) return;
  }
  await publish(record, node, services, signal);
}
