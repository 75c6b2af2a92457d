import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { CheckpointRecord, NodeRecord } from '../catalog/catalog';
import type { Artifact, ArtifactFile, ResourceRecord } from '../extension/artifact';
import type { RunContext } from '../extension/context';
import type { Json } from '../plan/json';
import type { BuildNode, PlanNode } from '../plan/schema';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { parseDuration } from '../util/duration';
import { carriedBy } from './carried';
import { FILE_KIND, fileExists, outputPath } from './files';
import { changesImage, stepKey, type BuildKeys } from './keys';
import { knowLookups } from './lookups';
import type { Services } from './services';
import { takesArtifactOf } from './base';

/** What was made under a key before, if it may be used again: not forced, not stale, and still there. */
export async function findCached(
  node: PlanNode,
  key: string,
  ctx: RunContext,
  services: Services,
): Promise<NodeRecord | undefined> {
  if (services.settings.forced.has(node.id) || runsInEachRun(node, services)) return undefined;
  const record = await services.catalog.byKey(key);
  if (!record) return undefined;
  if (node.kind === 'build' && isStale(node, record.builtAt, services)) return undefined;
  if (record.consumed) return (await consumersSatisfied(node, record, ctx, services)) ? record : undefined;
  return (await isThere(record.artifact, ctx, services)) ? record : undefined;
}

function runsInEachRun(node: PlanNode, { extensions }: Services): boolean {
  return node.kind === 'process' && extensions.get('post-processor', node.step.use).cacheable === false;
}

/** The deepest checkpoint of a build that still matches and exists, with the number of steps that it holds. */
export async function findCheckpoint(
  node: BuildNode,
  keys: BuildKeys,
  ctx: RunContext,
  services: Services,
): Promise<{ readonly record: CheckpointRecord; readonly steps: number } | undefined> {
  if (services.settings.forced.has(node.id)) return undefined;
  for (let steps = node.provisioners.length; steps > 0; steps -= 1) {
    if (!changesImage(node.provisioners[steps - 1]!, services)) continue;
    const key = keys.steps[steps - 1]!;
    const record = await services.catalog.checkpoint(key);
    if (!record || isStale(node, record.builtAt, services)) continue;
    if (await allExist(record.checkpoint.resources, ctx, services)) return { record, steps };
    await services.catalog.forgetCheckpoint(key);
  }
  return undefined;
}

/** Whether an artifact, and every file of it, is still there. */
export async function isThere(artifact: Artifact | undefined, ctx: RunContext, services: Services): Promise<boolean> {
  if (!artifact) return true;
  const files = await Promise.all(artifact.files.map((file) => hasFile(file, services.projectDir)));
  if (!files.every(Boolean)) return false;
  for (const resource of artifact.resources) {
    if (!(await exists(resource, ctx, services)) && !(await isRestored(resource, artifact, services))) return false;
  }
  return true;
}

/** A file that was copied back, by a CI cache for instance, is another file with the same content. */
async function isRestored(resource: ResourceRecord, artifact: Artifact, { projectDir }: Services): Promise<boolean> {
  if (resource.kind !== FILE_KIND) return false;
  const known = artifact.files.find((file) => file.path === outputPath(resource))?.sha256;
  if (known === undefined) return false;
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path.resolve(projectDir, outputPath(resource))), hash);
  } catch {
    return false;
  }
  return hash.digest('hex') === known;
}

async function hasFile({ path: file, size }: ArtifactFile, projectDir: string): Promise<boolean> {
  const stat = await fs.stat(path.resolve(projectDir, file)).catch(() => undefined);
  return stat !== undefined && (stat.isDirectory() || stat.size === size);
}

async function allExist(resources: readonly ResourceRecord[], ctx: RunContext, services: Services): Promise<boolean> {
  for (const resource of resources) if (!(await exists(resource, ctx, services))) return false;
  return true;
}

async function exists(resource: ResourceRecord, ctx: RunContext, services: Services): Promise<boolean> {
  if (resource.kind === FILE_KIND) return fileExists(resource, services.projectDir);
  const use = resource.kind.split(':')[0]!;
  if (services.extensions.has('platform', use))
    return (await services.extensions.driver(use, ctx)).exists(resource, ctx);
  return (await services.extensions.get('post-processor', use).exists?.(resource, ctx)) ?? true;
}

function isStale({ maxAge }: BuildNode, builtAt: number, { clock }: Services): boolean {
  return maxAge !== undefined && clock.now() - builtAt > parseDuration(maxAge);
}

/**
 * An artifact that a post-processor took over and deleted is still good for the cache when everything that takes it
 * is cached too.
 */
async function consumersSatisfied(
  node: PlanNode,
  record: NodeRecord,
  ctx: RunContext,
  services: Services,
): Promise<boolean> {
  for (const consumer of services.plan.nodes) {
    if (!takesArtifactOf(consumer, node.id)) continue;
    if (consumer.kind === 'build') return false;
    // What runs every time looks at the record of the artifact, not at its bytes.
    if (consumer.kind === 'process' && services.extensions.get('post-processor', consumer.step.use).cacheable === false)
      continue;
    const inputs = consumer.kind === 'process' ? consumer.inputs : [consumer.build];
    const artifacts = inputs.flatMap((input) =>
      input === node.id ? (record.artifact ?? []) : carriedBy([input], services).map(({ artifact }) => artifact),
    );
    if (artifacts.length < inputs.length) return false;
    await knowLookups(consumer.step.config as Json, services);
    const key = stepKey(consumer.kind, consumer.step, revisionOf(consumer, services), artifacts, services);
    if (!(await findCached(consumer, key, ctx, services))) return false;
  }
  return true;
}

/** Revision of the extension that runs a verification or post-processor. */
export function revisionOf(node: Exclude<PlanNode, BuildNode>, services: Services): number {
  const kind = node.kind === 'process' ? 'post-processor' : 'provisioner';
  return services.extensions.get(kind, node.step.use).revision ?? 1;
}
