import type { Json } from '../plan/json';

/** Something that was created and can be deleted again: enough to find it, also from another process. */
export interface ResourceRecord {
  /** What it is, led by its platform's type key: `docker:container`, `sandbox:layer`. */
  readonly kind: string;
  /** The platform's own id. Absent where the creation was begun and its answer never came. */
  readonly id?: string;
  /** Idempotency token of the creation: derived, so that a lost creation can be found by it. */
  readonly token: string;
  /** Where and under which name it was created: what a deletion needs beside the id. */
  readonly locator: Json;
}

/** A file that an artifact consists of. */
export interface ArtifactFile {
  /** Relative to the project's folder, or absolute where the user wrote it so. */
  readonly path: string;
  readonly size: number;
  /** In hex, where it is known. */
  readonly sha256?: string;
}

/** What a build or a post-processor made. Pure data. */
export interface Artifact {
  /** Type key of what made it: `docker`, `compress`. */
  readonly use: string;
  /** What it is, such as `docker-image`, `oci-archive`, `files`: what post-processors look at. */
  readonly kind: string;
  /** The platform's id of it, such as `sha256:…` or `eu-west-1:ami-1`. */
  readonly id: string;
  /** One line for people. */
  readonly description?: string;
  readonly files: readonly ArtifactFile[];
  /** What to delete when the artifact is not wanted any more, and what must exist for it to count as there. */
  readonly resources: readonly ResourceRecord[];
  /** What `image.artifact('Source').name` reads. */
  readonly outputs: { readonly [name: string]: Json };
}
