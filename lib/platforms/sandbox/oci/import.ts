import { GoldsmithError } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import { choosePlatform } from '../../../oci/platform';
import { isSameName } from '../../../oci/reference';
import type { JsonObject } from '../../../plan/json';
import { LAYER_TYPES } from '../store/codec';
import type { LayerRef, RootImage } from '../store/image';
import type { Store } from '../store/store';
import type { ImageFiles } from './files';
import type { Descriptor, Index, Manifest } from './media-types';

/** Which of the images in an archive or layout is meant. */
export interface Choice {
  /** How errors name the file. */
  readonly label: string;
  readonly platform?: string | undefined;
  /** The name it was saved under, such as `acme/web:1.4`. */
  readonly name?: string | undefined;
}

/** Takes an image from files: of an OCI layout, or of what `docker save` writes. */
export async function importImage(
  files: ImageFiles,
  choice: Choice,
  store: Store,
  ctx: RunContext,
): Promise<RootImage> {
  if (files.has('index.json')) return fromLayout(files, choice, store, ctx);
  if (files.has('manifest.json')) return fromDocker(files, choice, store, ctx);
  throw new GoldsmithError(
    'LOOKUP_FAILED',
    `${choice.label} is neither an OCI layout (it has no index.json) nor an archive of docker save (it has no manifest.json)`,
    {
      hint: 'for the tar archive of a root file system, use SandboxBase.rootfs',
    },
  );
}

async function fromLayout(files: ImageFiles, choice: Choice, store: Store, ctx: RunContext): Promise<RootImage> {
  const index = JSON.parse(await files.text('index.json')) as Index;
  let descriptor = pick(index.manifests, choice);
  let content = JSON.parse(await files.text(blobName(descriptor.digest))) as Manifest | Index;
  if ('manifests' in content) {
    descriptor = choosePlatform(content.manifests, choice.platform, choice.label);
    content = JSON.parse(await files.text(blobName(descriptor.digest))) as Manifest;
  }
  const manifest = content;
  const config = JSON.parse(await files.text(blobName(manifest.config.digest))) as JsonObject;
  const layers: LayerRef[] = [];
  for (const [position, { digest, size, mediaType }] of manifest.layers.entries()) {
    if (!(await store.hasBlob(digest))) await store.addBlob(files.read(blobName(digest)), ctx, digest);
    layers.push({ digest, size, mediaType, diffId: diffIdOf(config, position, choice) });
  }
  return { layers, config, host: false };
}

/** An entry of manifest.json: https://github.com/moby/docker-image-spec, "Combined Image JSON + Filesystem Changeset Format". */
interface Saved {
  readonly Config: string;
  readonly RepoTags: readonly string[] | null;
  readonly Layers: readonly string[];
}

async function fromDocker(files: ImageFiles, choice: Choice, store: Store, ctx: RunContext): Promise<RootImage> {
  const saved = JSON.parse(await files.text('manifest.json')) as Saved[];
  const wanted = choice.name;
  const matching =
    wanted === undefined ? saved : saved.filter(({ RepoTags }) => RepoTags?.some((tag) => isSameName(tag, wanted)));
  const [image] = matching;
  if (!image || matching.length > 1)
    throw ambiguous(
      choice,
      saved.flatMap(({ RepoTags }) => RepoTags ?? []),
      matching.length,
    );
  const config = JSON.parse(await files.text(image.Config)) as JsonObject;
  const layers: LayerRef[] = [];
  for (const [position, name] of image.Layers.entries()) {
    const { digest, size } = await store.addBlob(files.read(name), ctx);
    const diffId = diffIdOf(config, position, choice);
    layers.push({ digest, size, diffId, mediaType: digest === diffId ? LAYER_TYPES.none : LAYER_TYPES.gzip });
  }
  return { layers, config, host: false };
}

const NAMES = ['org.opencontainers.image.ref.name', 'io.containerd.image.name'];

function named(manifests: readonly Descriptor[], { name }: Choice): readonly Descriptor[] {
  if (name === undefined) return manifests;
  return manifests.filter(({ annotations }) =>
    NAMES.some((key) => annotations?.[key] !== undefined && isSameName(annotations[key], name)),
  );
}

function pick(all: readonly Descriptor[], choice: Choice): Descriptor {
  const distinct = [...new Map(named(all, choice).map((one) => [one.digest, one])).values()];
  if (distinct.length === 1) return distinct[0]!;
  if (distinct.length > 1 && distinct.every(({ platform }) => platform !== undefined)) {
    return choosePlatform(distinct, choice.platform, choice.label);
  }
  const names = all.flatMap(({ annotations }) => annotations?.[NAMES[0]!] ?? annotations?.[NAMES[1]!] ?? []);
  throw ambiguous(choice, names, distinct.length);
}

function ambiguous({ label, name }: Choice, names: readonly string[], count: number): GoldsmithError {
  const known = names.length > 0 ? `; it holds ${names.join(', ')}` : '';
  if (count === 0)
    return new GoldsmithError(
      'LOOKUP_FAILED',
      `${label} holds no image${name === undefined ? '' : ` named ${name}`}${known}`,
    );
  return new GoldsmithError('LOOKUP_FAILED', `${label} holds ${count} images${known}`, {
    hint: 'say which one with `name`',
  });
}

function diffIdOf(config: JsonObject, position: number, { label }: Choice): string {
  const { diff_ids: diffIds } = (config['rootfs'] ?? {}) as { diff_ids?: readonly string[] };
  const diffId = diffIds?.[position];
  if (diffId === undefined)
    throw new GoldsmithError(
      'LOOKUP_FAILED',
      `${label} is damaged: its configuration knows fewer layers than its manifest`,
    );
  return diffId;
}

/** Where a layout has a blob: OCI image-spec, image-layout.md. */
export function blobName(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}
