import { GoldsmithError } from '../errors';
import type { Artifact } from '../extension/artifact';
import type { RunContext } from '../extension/context';
import type { LaunchFrom, PlatformDriver } from '../extension/platform';
import type { Json } from '../plan/json';
import type { BuildNode, PlanNode } from '../plan/schema';
import type { Services } from './services';

/** What a build starts from, and what of it counts for its cache key. */
export interface ResolvedBase {
  readonly from: LaunchFrom;
  readonly identity: Json;
}

/** Resolves the base of a build: an exact one, another build's artifact, or a lookup by the lock file. */
export async function resolveBase(
  node: BuildNode,
  config: unknown,
  driver: PlatformDriver,
  ctx: RunContext,
  services: Services,
): Promise<ResolvedBase> {
  const { base } = node.source;
  if (!base) return { from: { kind: 'base', base: undefined }, identity: null };
  if ('$exact' in base) return { from: { kind: 'base', base: base.$exact as Json }, identity: base.$exact as Json };
  if ('$artifact' in base) return fromArtifact(services.outcomes.get(base.$artifact)?.artifact, base.$artifact);
  const spec = services.plan.lookups[base.$lookup]!;
  const resolved = await resolveLookup(base.$lookup, services, () => {
    if (spec.use === 'catalog') return findInCatalog(spec.query, services);
    if (!driver.lookup)
      throw new GoldsmithError(
        'LOOKUP_FAILED',
        `the platform \`${node.source.use}\` has no lookups, but the plan asks for ${spec.label}`,
      );
    return driver.lookup(spec.query as Json, config, ctx, { refresh: services.settings.update });
  });
  if (spec.use !== 'catalog') return { from: { kind: 'base', base: resolved }, identity: resolved };
  const record = await services.catalog.byKey((resolved as { key: string }).key);
  return fromArtifact(record?.artifact, spec.label);
}

function fromArtifact(artifact: Artifact | undefined, name: string): ResolvedBase {
  if (!artifact) {
    throw new GoldsmithError('BASE_MISMATCH', `${name} has no artifact to start from`, {
      hint: 'build it first, and see that it is neither discarded nor taken over by a post-processor',
    });
  }
  return { from: { kind: 'artifact', artifact }, identity: { artifact: artifact.id } };
}

/** One answer for all builds of a run; pinned in the lock file until `update`. */
export function resolveLookup(id: string, services: Services, ask: () => Promise<Json>): Promise<Json> {
  let answer = services.lookups.get(id);
  if (!answer) services.lookups.set(id, (answer = resolveOnce(id, services, ask)));
  return answer;
}

async function resolveOnce(
  id: string,
  { plan, lock, settings, clock }: Services,
  ask: () => Promise<Json>,
): Promise<Json> {
  const { label } = plan.lookups[id]!;
  const pinned = settings.update ? undefined : await lock.get(id);
  if (pinned) return pinned.resolved;
  if (settings.locked) {
    throw new GoldsmithError('LOCKED', `${label} is not in goldsmith.lock.json, and --locked forbids to look it up`, {
      hint: 'build once without --locked, or run `goldsmith update`, and commit the lock file',
    });
  }
  const resolved = await ask();
  await lock.put(label, { id, resolved, at: new Date(clock.now()).toISOString() });
  return resolved;
}

async function findInCatalog(query: unknown, { catalog }: Services): Promise<Json> {
  const { name, channel, platform } = query as { name: string; channel: string; platform: string };
  if (channel !== 'latest') {
    throw new GoldsmithError('LOOKUP_FAILED', `the catalog has no channel \`${channel}\`; it has: latest`);
  }
  const record = await catalog.find(name, platform);
  if (!record) {
    throw new GoldsmithError('LOOKUP_FAILED', `the catalog has no image \`${name}\` for \`${platform}\``, {
      hint: 'build it first with the same state folder (--state DIR)',
    });
  }
  return { key: record.key, artifact: record.artifact!.id, builtAt: record.builtAt };
}

/** Whether a node takes the artifact of another. */
export function takesArtifactOf(node: PlanNode, id: string): boolean {
  if (node.kind === 'process') return node.inputs.includes(id);
  if (node.kind === 'verify') return node.build === id;
  return node.source.base !== undefined && '$artifact' in node.source.base && node.source.base.$artifact === id;
}
