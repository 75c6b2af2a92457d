import type { Artifact, ResourceRecord } from '../../extension/artifact';
import type { ResourceContext } from '../../extension/context';
import type { Checkpoint, Machine } from '../../extension/platform';
import type { JsonObject } from '../../plan/json';
import { parseReference, withTag } from '../../oci/reference';
import type { DockerConfig } from './docker-extension';
import type { Engine } from './engine';
import { failed, isNotFound } from './errors';
import { commitConfig } from './image-config';
import { asJson, machineData } from './machine';
import { ownReference } from './names';
import type { ImageLocator } from './remove';
import { snapshot } from './snapshot';
import { writeStream } from './write-stream';

/** How a checkpoint is marked. An image made from one has another comment, so this one cannot be inherited. */
export const CHECKPOINT_COMMENT = 'goldsmith checkpoint';

/** Commits the container as it is between two steps. */
export async function makeCheckpoint(
  engine: Engine,
  machine: Machine,
  config: DockerConfig,
  ctx: ResourceContext,
): Promise<Checkpoint> {
  const data = machineData(machine);
  const resource = await ctx.acquire(
    'docker:image',
    { role: 'checkpoint', node: ctx.node.id, container: data.id },
    (token) =>
      snapshot(engine, data, {
        ...commitConfig(data.base, [], config.user),
        reference: ownReference('checkpoint', ctx.node.id, token),
        comment: CHECKPOINT_COMMENT,
      }),
  );
  await ctx.keep(resource);
  return { resources: [resource], data: asJson({ image: resource.id!, base: data.base }) };
}

/** Makes the artifact that the config asks for. */
export async function makeArtifact(
  engine: Engine,
  machine: Machine,
  config: DockerConfig,
  ctx: ResourceContext,
): Promise<Artifact | undefined> {
  if (config.discard) return undefined;
  if (config.exportPath !== undefined) return exportContainer(engine, machine, config.exportPath, ctx);
  try {
    return await commitContainer(engine, machine, config, ctx);
  } catch (error) {
    // What was killed to save time is there again for whoever looks into the failure.
    await engine.start(machineData(machine).id).catch(() => undefined);
    throw failed('CAPTURE_FAILED', 'the container could not be made an image', error);
  }
}

async function commitContainer(
  engine: Engine,
  machine: Machine,
  config: DockerConfig,
  ctx: ResourceContext,
): Promise<Artifact> {
  const data = machineData(machine);
  const tags = (config.tags ?? []).map(withTag);
  const { author, message: comment } = config;
  const resource = await ctx.acquire(
    'docker:image',
    { role: 'artifact', node: ctx.node.id, tags, container: data.id },
    async (token) => {
      const reference = ownReference('artifact', ctx.node.id, token);
      const request = { ...commitConfig(data.base, config.changes ?? [], config.user), reference, author, comment };
      // Killing takes the engine as long as committing: done at the same time, removing the container is quick afterwards.
      return snapshot(engine, data, request, () => engine.kill(data.id));
    },
  );
  await ctx.keep(resource);
  return artifactOf(resource, ownReference('artifact', ctx.node.id, resource.token), []);
}

function artifactOf(resource: ResourceRecord, name: string, tags: readonly string[]): Artifact {
  const id = resource.id!;
  return {
    use: 'docker',
    kind: 'docker-image',
    id,
    description: `image ${name} (${shortId(id)})`,
    files: [],
    resources: [resource],
    outputs: { imageId: id, name, tags },
  };
}

/** Gives an image the names that the config asks for. */
export async function publishArtifact(engine: Engine, artifact: Artifact, config: DockerConfig): Promise<Artifact> {
  const tags = (config.tags ?? []).map(withTag);
  const [resource] = artifact.resources;
  if (artifact.kind !== 'docker-image' || !resource || tags.length === 0) return artifact;
  try {
    for (const tag of tags) await nameImage(engine, artifact.id, tag);
    // Its own names say enough, and it has a name at every moment.
    const { node } = resource.locator as unknown as ImageLocator;
    await engine.removeImage(ownReference('artifact', node, resource.token), false).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  } catch (error) {
    throw failed('CAPTURE_FAILED', 'the image could not be given its tags', error);
  }
  const locator = { ...(resource.locator as JsonObject), tags };
  return artifactOf({ ...resource, locator }, tags[0]!, tags);
}

async function exportContainer(
  engine: Engine,
  machine: Machine,
  output: string,
  ctx: ResourceContext,
): Promise<Artifact> {
  const { id } = machineData(machine);
  const open = () => engine.exportContainer(id, ctx.signal);
  const { resource, size, sha256 } = await writeStream(output, `export ${output}`, open, ctx);
  return {
    use: 'docker',
    kind: 'docker-export',
    id: `${output}@sha256:${sha256}`,
    description: `file system in ${output}`,
    files: [{ path: output, size, sha256 }],
    resources: [resource],
    outputs: { path: output, sha256, size },
  };
}

/** Gives an image another name. */
export async function nameImage(engine: Engine, image: string, name: string): Promise<void> {
  const { name: repository, tag = 'latest' } = parseReference(name);
  await engine.tag(image, repository, tag);
}

/** As `docker images` shows it. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}
