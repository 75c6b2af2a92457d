import type { JsonObject } from '../../../plan/json';
import { canonical, sha256 } from '../../../plan/digest';
import type { LayerRef } from '../store/image';
import { hexOf } from '../store/store';
import { blobName } from './import';
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, ociLayerType } from './media-types';

/** An image as the files of a layout, but for its layers. */
export interface LayoutFiles {
  /** Small files, by name. */
  readonly files: ReadonlyMap<string, string>;
  /** Digest of the manifest: the image's name in a registry. */
  readonly digest: string;
  /** Digest of the configuration: the image's id in Docker. */
  readonly imageId: string;
}

/**
 * The files of an OCI layout, with a manifest.json beside for readers that know only Docker's way (`docker load` before 25): its
 * names lead to the layout's blobs. All text is canonical, so that equal images are equal files.
 */
export function layoutFiles(config: JsonObject, layers: readonly LayerRef[], reference: string): LayoutFiles {
  const configText = canonical(config);
  const imageId = `sha256:${sha256(configText)}`;
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, digest: imageId, size: Buffer.byteLength(configText) },
    layers: layers.map(({ digest, size, mediaType }) => ({ mediaType: ociLayerType(mediaType), digest, size })),
  };
  const manifestText = canonical(manifest);
  const digest = `sha256:${sha256(manifestText)}`;
  const { os = 'linux', architecture = '', variant } = config;
  const index = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [
      {
        mediaType: OCI_MANIFEST,
        digest,
        size: Buffer.byteLength(manifestText),
        platform: { os, architecture, ...(variant !== undefined && { variant }) },
        annotations: {
          'org.opencontainers.image.ref.name': reference,
          'io.containerd.image.name': fullName(reference),
        },
      },
    ],
  };
  const docker = [
    { Config: blobName(imageId), RepoTags: [reference], Layers: layers.map((layer) => blobName(layer.digest)) },
  ];
  const files = new Map([
    [blobName(imageId), configText],
    [blobName(digest), manifestText],
    ['index.json', canonical(index)],
    ['manifest.json', canonical(docker)],
    ['oci-layout', canonical({ imageLayoutVersion: '1.0.0' })],
  ]);
  return { files, digest, imageId };
}

/** The same image as `docker save` wrote it before 25; layers go by their digest. */
export function dockerFiles(
  config: JsonObject,
  layers: readonly LayerRef[],
  reference: string,
): ReadonlyMap<string, string> {
  const configText = canonical(config);
  const name = `${sha256(configText)}.json`;
  const docker = [{ Config: name, RepoTags: [reference], Layers: layers.map(dockerLayerName) }];
  return new Map([
    [name, configText],
    ['manifest.json', canonical(docker)],
  ]);
}

/** Where an archive in Docker's form has a layer. */
export function dockerLayerName(layer: LayerRef): string {
  return `${hexOf(layer.digest)}.tar`;
}

/** A name with the registry that it is of when none is named. */
function fullName(reference: string): string {
  const first = reference.slice(0, reference.indexOf('/') + 1);
  if (/[.:]/.test(first) || first === 'localhost/') return reference;
  return first === '' ? `docker.io/library/${reference}` : `docker.io/${reference}`;
}
