import type { Artifact } from '../../extension/artifact';
import type { ResourceContext } from '../../extension/context';
import type { Checkpoint, Machine } from '../../extension/platform';
import { parseReference, withTag } from '../../oci/reference';
import type { DockerConfig } from './docker-extension';
import type { Engine } from './engine';
import { failed } from './errors';
import { commitConfig } from './image-config';
import { asJson, machineData } from './machine';
import { ownReference } from './names';
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
  const id = resource.id!;
  const reference = ownReference('artifact', ctx.node.id, resource.token);
  for (const tag of tags) await nameImage(engine, id, tag);
  // Its own names say enough, and it has a name at every moment.
  if (tags.length > 0) await engine.removeImage(reference, false);
  await ctx.keep(resource);
  const name = tags[0] ?? reference;
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
