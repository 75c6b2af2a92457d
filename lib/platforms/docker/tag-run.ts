import type { Artifact, ResourceRecord } from '../../extension/artifact';
import type { ProcessContext, RunContext } from '../../extension/context';
import { nameImage, shortId } from './capture';
import { fullNames, type DockerTagConfig } from './docker-tag';
import type { Engine } from './engine';
import { failed, isNotFound } from './errors';
import { imageOf } from './machine';
import { withEngine } from './open-engine';
import { ownReference } from './names';

interface TagLocator {
  readonly name: string;
  readonly image: string;
}

/** Names the image; each name is a resource of its own. */
export async function runTag(config: DockerTagConfig, input: Artifact, ctx: ProcessContext): Promise<Artifact> {
  const image = imageOf(input);
  const names = fullNames(config.repository, config.tags);
  const resources: ResourceRecord[] = [];
  await withEngine(ctx, async (engine) => {
    for (const name of names) {
      const locator = { name, image };
      const tagged = await ctx.acquire('docker-tag:name', locator, async () => {
        await nameImage(engine, image, name).catch((error: unknown) => {
          throw failed('PROCESS_FAILED', `the image ${shortId(image)} could not be named ${name}`, error);
        });
        return name;
      });
      await ctx.keep(tagged);
      resources.push(tagged);
      ctx.say(`tagged ${shortId(image)} as ${name}`);
    }
  });
  const name = names.at(-1)!;
  const before = (input.outputs['tags'] ?? []) as readonly string[];
  const tags = [...before, ...names.filter((tag) => !before.includes(tag))];
  return {
    use: 'docker-tag',
    kind: 'docker-image',
    // What takes it must be done again when the image or any of its names is another.
    id: [image, ...tags].join('+'),
    description: `image ${names.join(', ')} (${shortId(image)})`,
    files: input.files,
    resources,
    outputs: { ...input.outputs, imageId: image, name, tags },
  };
}

/** Whether the name still means the image. */
export async function tagExists(resource: ResourceRecord, ctx: RunContext): Promise<boolean> {
  const { name, image } = resource.locator as unknown as TagLocator;
  return withEngine(ctx, async (engine) => (await imageNamed(engine, name))?.Id === image);
}

/** Takes the name away again, if it still means the image. The image stays. */
export async function removeTag(resource: ResourceRecord, ctx: RunContext): Promise<void> {
  const { name, image } = resource.locator as unknown as TagLocator;
  await withEngine(ctx, async (engine) => {
    const found = await imageNamed(engine, name);
    if (found?.Id !== image) return;
    // Without its last name the engine would delete it.
    if ((found.RepoTags ?? []).every((other) => other === name)) {
      await nameImage(engine, image, ownReference('artifact', 'untagged', shortId(image)));
    }
    await engine.removeImage(name, false);
  });
}

async function imageNamed(engine: Engine, name: string) {
  return engine.image(name).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
}
