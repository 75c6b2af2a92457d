import { ownArchitecture } from '../../../oci/platform';
import type { JsonObject } from '../../../plan/json';

/** A layer of an image. */
export interface LayerRef {
  /** Of the blob as it is sent, compressed or not. */
  readonly digest: string;
  /** Of the tar archive within. */
  readonly diffId: string;
  readonly size: number;
  readonly mediaType: string;
}

/** An image: what machines start from, and what captures make. */
export interface RootImage {
  /** The lowest first. */
  readonly layers: readonly LayerRef[];
  /** The image's own configuration file, whole: what is not known here is handed on. */
  readonly config: JsonObject;
  /** Whether this machine's own root lies below the layers. */
  readonly host: boolean;
}

/** The configuration of an image that nobody made: of a plain root. */
export function emptyConfig(): JsonObject {
  return {
    architecture: ownArchitecture(),
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [] },
    history: [],
  };
}
