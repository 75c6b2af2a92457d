import { GoldsmithError, messageOf } from '../../errors';
import type { ResourceRecord } from '../../extension/artifact';
import type { RunContext } from '../../extension/context';
import { CHECKPOINT_COMMENT } from './capture';
import type { Engine } from './engine';
import type { ImageInfo } from './engine-types';
import { isConflict, isNotFound } from './errors';
import { findLost } from './lost';
import { containerName, isOwnReference, ownReference } from './names';

/** What a record says of an image beside its id. */
export interface ImageLocator {
  readonly role: 'artifact' | 'checkpoint' | 'dockerfile' | 'import';
  readonly node: string;
  /** Names that the user wanted it to have. */
  readonly tags?: readonly string[];
  /** The container that it is committed from. */
  readonly container?: string;
}

/** Whether what a record names is there. An id is the digest of what it names: if it is there, it is as it was. */
export async function resourceExists(engine: Engine, resource: ResourceRecord): Promise<boolean> {
  if (resource.kind === 'docker:container') return (await findContainer(engine, resource)) !== undefined;
  return (await findImage(engine, resource)) !== undefined;
}

/** Deletes what a record names, and only that. */
export async function removeResource(engine: Engine, resource: ResourceRecord, ctx: RunContext): Promise<void> {
  if (resource.kind === 'docker:container') await removeContainer(engine, resource, ctx);
  else await removeImage(engine, resource, ctx);
}

async function findContainer(engine: Engine, { id, token }: ResourceRecord): Promise<string | undefined> {
  return orUndefined(engine.container(id ?? containerName(token)).then(({ Id }) => Id));
}

async function removeContainer(engine: Engine, resource: ResourceRecord, ctx: RunContext): Promise<void> {
  const name = resource.id ?? containerName(resource.token);
  if (resource.id === undefined) {
    const found = await findLost(engine, name, () => findContainer(engine, resource), undefined, ctx);
    if (found === undefined) return;
  }
  try {
    await engine.removeContainer(name);
  } catch (error) {
    if (isNotFound(error)) return;
    if (!isConflict(error)) throw error;
    // Somebody else is at it already.
    await ctx.poll(
      `the container ${name} to be gone`,
      async () => ((await findContainer(engine, resource)) ? undefined : true),
      {
        timeout: 60_000,
      },
    );
  }
}

function findImage(engine: Engine, resource: ResourceRecord): Promise<ImageInfo | undefined> {
  const { role, node } = resource.locator as unknown as ImageLocator;
  return orUndefined(engine.image(resource.id ?? ownReference(role, node, resource.token)));
}

/**
 * Takes away the names that goldsmith gave, and the image when nobody else has named it. An image that others were made from
 * loses its name only: the engine refuses to delete it, and it goes with the last of them.
 */
async function removeImage(engine: Engine, resource: ResourceRecord, ctx: RunContext): Promise<void> {
  const { tags = [], role, node, container } = resource.locator as unknown as ImageLocator;
  const find = (): Promise<ImageInfo | undefined> => findImage(engine, resource);
  const image =
    resource.id === undefined
      ? await findLost(engine, ownReference(role, node, resource.token), find, container, ctx)
      : await find();
  if (!image) return;
  const names = image.RepoTags ?? [];
  const ours = names.filter((name) => isOwnReference(name) || tags.includes(name));
  for (const name of ours) await removeUnlessUsed(engine, name);
  if (names.length > ours.length) return;
  await removeNameless(engine, image);
}

/** An image without a name, and after it the checkpoint it was made from, if that waits for it. */
async function removeNameless(engine: Engine, image: ImageInfo): Promise<void> {
  if ((await removeUnlessUsed(engine, image.Id)) === 'has children') return;
  const parent = image.Parent ? await orUndefined(engine.image(image.Parent)) : undefined;
  const waits = parent?.Comment === CHECKPOINT_COMMENT && (parent.RepoTags ?? []).length === 0;
  if (parent && waits) await removeNameless(engine, parent);
}

/** Never by force: that would take the image from under somebody's container. */
async function removeUnlessUsed(engine: Engine, name: string): Promise<'removed' | 'has children'> {
  try {
    await orUndefined(engine.removeImage(name, false));
    return 'removed';
  } catch (error) {
    if (!isConflict(error)) throw error;
    if (/dependent child/i.test(messageOf(error))) return 'has children';
    throw new GoldsmithError('LEAKED', `the image ${name} is in use: ${messageOf(error)}`, {
      cause: error,
      hint: 'remove the container that uses it, then run `goldsmith recover`',
    });
  }
}

async function orUndefined<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
