import * as fs from 'node:fs';
import { GoldsmithError } from '../../errors';
import type { Artifact, ResourceRecord } from '../../extension/artifact';
import type { ProcessContext, RunContext } from '../../extension/context';
import { quoteWord } from '../../oci/words';
import { nameImage, shortId } from './capture';
import type { DockerImportConfig } from './docker-import';
import { fullNames } from './docker-tag';
import { failed } from './errors';
import { importFile } from './import-file';
import { ownReference } from './names';
import { withEngine } from './open-engine';
import { removeResource, resourceExists } from './remove';

/** Imports the archive, under a name of goldsmith's own until it has the user's. */
export async function runImport(config: DockerImportConfig, input: Artifact, ctx: ProcessContext): Promise<Artifact> {
  const file = archiveOf(input);
  const [name] = fullNames(config.repository, [config.tag ?? 'latest']) as [string];
  const labels = Object.entries(ctx.labels).map(([key, value]) => `LABEL ${quoteWord(key)}=${quoteWord(value)}`);
  const options = {
    changes: [...labels, ...(config.changes ?? [])],
    platform: config.platform,
    ...(config.message !== undefined && { message: config.message }),
  };
  const resource = await withEngine(ctx, async (engine) => {
    const locator = { role: 'import', node: ctx.node.id, tags: [name] };
    const imported = await ctx.acquire('docker-import:image', locator, (token) => {
      const archive = fs.createReadStream(ctx.resolvePath(file));
      return importFile(engine, archive, ownReference('import', ctx.node.id, token), options, ctx.signal);
    });
    await nameImage(engine, imported.id!, name);
    await engine.removeImage(ownReference('import', ctx.node.id, imported.token), false);
    return imported;
  }).catch((error: unknown) => {
    throw failed('PROCESS_FAILED', `${file} could not be imported as ${name}`, error);
  });
  await ctx.keep(resource);
  const imageId = resource.id!;
  return {
    use: 'docker-import',
    kind: 'docker-image',
    id: imageId,
    description: `image ${name} (${shortId(imageId)})`,
    files: [],
    resources: [resource],
    outputs: { imageId, name, tags: [name] },
  };
}

/** Whether the image is there. */
export function importExists(resource: ResourceRecord, ctx: RunContext): Promise<boolean> {
  return withEngine(ctx, (engine) => resourceExists(engine, resource));
}

/** Deletes the image. */
export function removeImport(resource: ResourceRecord, ctx: RunContext): Promise<void> {
  return withEngine(ctx, (engine) => removeResource(engine, resource, ctx));
}

function archiveOf({ files, id }: Artifact): string {
  const [file, ...more] = files;
  if (file && more.length === 0) return file.path;
  throw new GoldsmithError(
    'INCOMPATIBLE_INPUT',
    `one tar archive is needed, and the artifact ${id} has ${files.length} files`,
    {
      hint: 'give it what a source with `exportPath` makes, or name one file with an ArtificePostProcessor',
    },
  );
}
