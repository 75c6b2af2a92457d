import type { Platform } from '../../../oci/platform';

/** Media types of OCI image-spec (media-types.md) and of Docker's schema 2 (distribution, manifest-v2-2). */
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';

const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar';

/** A layer's media type in the words of OCI: a manifest must not mix both. */
export function ociLayerType(mediaType: string): string {
  if (!mediaType.startsWith(DOCKER_LAYER)) return mediaType;
  return `application/vnd.oci.image.layer.v1.tar${mediaType.slice(DOCKER_LAYER.length).replace('.gzip', '+gzip').replace('.zstd', '+zstd')}`;
}

/** Something that a manifest points at. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A manifest of one image. */
export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** A list of manifests, one a platform. */
export interface Index {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly manifests: readonly Descriptor[];
}
