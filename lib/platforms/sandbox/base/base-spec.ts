/** What is asked of a lookup, and its answer: an image of a registry. In the answer the reference has a digest. */
export interface RegistrySpec {
  readonly kind: 'registry';
  readonly reference: string;
  readonly platform?: string;
  readonly insecure?: boolean;
}

/** A Debian made by mmdebstrap; its answer also says which state of the archive it is. */
export interface DebianSpec {
  readonly kind: 'debian';
  readonly suite: string;
  readonly variant: string;
  readonly packages: readonly string[];
  readonly mirror?: string;
  /** sha256 over the release files, in the answer. */
  readonly release?: string;
  /** Seconds since the epoch of the youngest release file, in the answer. */
  readonly date?: number;
}

/** The folder of a root file system; its answer also says what is in it. */
export interface FolderSpec {
  readonly kind: 'folder';
  readonly path: string;
  readonly tree?: string;
}

/** A small root of this machine's own programs. */
export interface MinimalSpec {
  readonly kind: 'minimal';
  readonly commands: readonly string[];
}

/** This machine's own root. */
export interface HostSpec {
  readonly kind: 'host';
}

/** What a machine may start from, as a plan and the lock file have it. */
export type BaseSpec = RegistrySpec | DebianSpec | FolderSpec | MinimalSpec | HostSpec;
