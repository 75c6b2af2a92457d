import type { Artifact, ResourceRecord } from '../../extension/artifact';
import type { ProcessContext, RunContext } from '../../extension/context';
import { parseReference } from '../../oci/reference';
import type { Json } from '../../plan/json';
import { bringArtifact } from './base/materialize';
import { layoutFiles } from './oci/layout-files';
import { blobName } from './oci/import';
import { OCI_MANIFEST } from './oci/media-types';
import { pushBlob, pushManifest } from './oci/push';
import { Registry } from './oci/registry';
import type { OciPushConfig } from './oci-push';
import { Store } from './store/store';

interface PushedLocator {
  readonly repository: string;
  readonly digest: string;
  readonly insecure: boolean;
}

/** Pushes an image: its layers, its configuration, and then its manifest under each tag. */
export async function runPush(config: OciPushConfig, input: Artifact, ctx: ProcessContext): Promise<Artifact> {
  const reference = parseReference(config.repository);
  const tags = config.tags ?? [reference.tag ?? 'latest'];
  const repository = `${reference.registry}/${reference.repository}`;
  for (const tag of tags) parseReference(`${repository}:${tag}`);
  const store = new Store(ctx.stateDir);
  const image = await bringArtifact(input, { store, privilege: { mode: 'root' }, login: undefined }, ctx);
  const { files, digest, imageId } = layoutFiles(image.config, image.layers, repository);
  const manifest = files.get(blobName(digest))!;
  const registry = new Registry(reference, 'pull,push', { login: config.login, insecure: config.insecure }, ctx);
  const locator: PushedLocator = { repository, digest, insecure: config.insecure ?? false };
  try {
    const record = await ctx.acquire('oci-push:manifest', locator as unknown as Json, async () => {
      for (const { digest: layer, size } of image.layers)
        await pushBlob(registry, { digest: layer, size, path: store.blobPath(layer) }, ctx);
      const text = files.get(blobName(imageId))!;
      await pushBlob(registry, { digest: imageId, size: Buffer.byteLength(text), text }, ctx);
      for (const tag of tags) await pushManifest(registry, tag, manifest, OCI_MANIFEST, digest);
      return `${repository}@${digest}`;
    });
    await ctx.keep(record);
    for (const tag of tags) ctx.say(`pushed ${repository}:${tag} (${digest})`);
    return {
      use: 'oci-push',
      kind: 'oci-image',
      id: `${repository}@${digest}`,
      description: tags.map((tag) => `${repository}:${tag}`).join(', '),
      files: [],
      resources: [record],
      outputs: {
        id: `${repository}@${digest}`,
        digest,
        imageId,
        repository,
        tags,
        reference: `${repository}:${tags[0]!}`,
      },
    };
  } finally {
    registry.close();
  }
}

/** Whether what was pushed is still there. Where the registry does not say, it counts as there. */
export async function isPushed({ locator }: ResourceRecord, ctx: RunContext): Promise<boolean> {
  const { repository, digest, insecure } = locator as unknown as PushedLocator;
  const registry = new Registry(parseReference(repository), 'pull', { insecure }, ctx);
  try {
    const response = await registry.call(`manifests/${digest}`, { method: 'HEAD', headers: { accept: OCI_MANIFEST } });
    response.resume();
    return response.statusCode !== 404;
  } catch {
    ctx.signal.throwIfAborted();
    return true;
  } finally {
    registry.close();
  }
}
