import type { Artifact } from '../../extension/artifact';
import type { ProcessContext } from '../../extension/context';
import type { DockerSaveConfig } from './docker-save';
import { failed } from './errors';
import { imageOf } from './machine';
import { withEngine } from './open-engine';
import { writeStream } from './write-stream';

/** Saves the image under its names, so that loading gives them back; under its id where it has none. */
export async function runSave({ path }: DockerSaveConfig, input: Artifact, ctx: ProcessContext): Promise<Artifact> {
  const image = imageOf(input);
  const tags = (input.outputs['tags'] ?? []) as readonly string[];
  const names = tags.length > 0 ? tags : [image];
  const { resource, size, sha256 } = await withEngine(ctx, (engine) =>
    writeStream(path, `save ${path}`, () => engine.save(names, ctx.signal), ctx),
  ).catch((error: unknown) => {
    throw failed('PROCESS_FAILED', `the image ${names.join(', ')} could not be saved`, error);
  });
  return {
    use: 'docker-save',
    // Still the image, so that it can be pushed after it; with a file, so that it can be compressed.
    kind: 'docker-image',
    id: `${path}@sha256:${sha256}`,
    description: `image ${names.join(', ')} in ${path}`,
    files: [{ path, size, sha256 }],
    resources: [resource],
    outputs: { ...input.outputs, imageId: image, path, sha256, size },
  };
}
