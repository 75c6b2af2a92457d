import type { Asset } from '../../core/asset';
import { BaseImage } from '../../core/base-image';
import { parseReference } from '../../oci/reference';
import type { Json } from '../../plan/json';
import type { BaseSpec } from './base/base-spec';
import type { LocalBase } from './sandbox-props';

/** Options of {@link SandboxBase.registry}. */
export interface RegistryBaseOptions {
  /**
   * For which machines, such as `linux/arm64`.
   * @default - this machine
   */
  readonly platform?: string;
  /**
   * Takes http, and https with any certificate. Registries on this machine's own addresses are taken so anyway.
   * @default false
   */
  readonly insecure?: boolean;
}

/** Options of {@link SandboxBase.archive} and {@link SandboxBase.layout}. */
export interface ImageFileOptions {
  /**
   * The name under which the image was saved, where there are several.
   * @default - the only one
   */
  readonly name?: string;
  /**
   * For which machines, such as `linux/arm64`, where there are several.
   * @default - this machine
   */
  readonly platform?: string;
}

/** Options of {@link SandboxBase.debian}. */
export interface DebianBaseOptions {
  /**
   * mmdebstrap's variant: `extract`, `custom`, `essential`, `apt`, `minbase`, `buildd`, `important` or `standard`.
   * @default 'minbase'
   */
  readonly variant?: string;
  /**
   * Packages to install beside those of the variant.
   * @default - none
   */
  readonly packages?: readonly string[];
  /**
   * Where to fetch from, such as `http://mirror.acme.test/debian`.
   * @default - Debian's own, with the suite's updates and security updates
   */
  readonly mirror?: string;
}

/** Options of {@link SandboxBase.minimal}. */
export interface MinimalBaseOptions {
  /**
   * Programs of this machine to put in, beside the usual ones: single programs, which need nothing but their libraries.
   * @default - none
   */
  readonly commands?: readonly string[];
}

/**
 * What a sandbox may start from.
 *
 * @example
 * new SandboxSource(core, 'Sandbox', { base: SandboxBase.debian('bookworm', { packages: ['ca-certificates'] }) });
 */
export class SandboxBase {
  /** Whether a value is such a base, also from another copy of this package. */
  static is(value: unknown): value is SandboxBase {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  /** An image of a registry, by name: pulled without any engine. A tag is looked up once and then pinned in the lock file. */
  static registry(reference: string, options: RegistryBaseOptions = {}): SandboxBase {
    const spec: BaseSpec = { kind: 'registry', reference, ...given(options) };
    return parseReference(reference).digest === undefined
      ? SandboxBase.lookup(spec, reference)
      : SandboxBase.exact(spec);
  }

  /** An image in a tar archive: of an OCI layout, or of `docker save`. */
  static archive(path: string | Asset, options: ImageFileOptions = {}): SandboxBase {
    return new SandboxBase(undefined, { archive: path, ...given(options) });
  }

  /** An image in the folder of an OCI layout. */
  static layout(path: string | Asset, options: ImageFileOptions = {}): SandboxBase {
    return new SandboxBase(undefined, { layout: path, ...given(options) });
  }

  /** The tar archive of a root file system, plain or compressed with gzip or zstd. */
  static rootfs(path: string | Asset): SandboxBase {
    return new SandboxBase(undefined, { archive: path, rootfs: true });
  }

  /** The folder of a root file system. Its state is looked up once and then pinned in the lock file: `goldsmith update` takes it as it is. */
  static folder(path: string): SandboxBase {
    return SandboxBase.lookup({ kind: 'folder', path }, `folder ${path}`);
  }

  /** A Debian made by mmdebstrap, which must be installed. The state of the archive is pinned in the lock file. */
  static debian(suite: string, options: DebianBaseOptions = {}): SandboxBase {
    const { variant = 'minbase', packages = [], mirror } = options;
    return SandboxBase.lookup(
      { kind: 'debian', suite, variant, packages, ...given({ mirror }) },
      `debian ${suite} (${variant})`,
    );
  }

  /** A small root made of this machine's own programs and the libraries that they need: nothing is downloaded. */
  static minimal(options: MinimalBaseOptions = {}): SandboxBase {
    return SandboxBase.exact({ kind: 'minimal', commands: options.commands ?? [] });
  }

  /** This machine's own root, which stays as it is: the artifact is what was changed, and nothing else. */
  static host(): SandboxBase {
    return SandboxBase.exact({ kind: 'host' });
  }

  /** Only for the compiler: without it the published type would be empty, and any value would do as a base. */
  declare protected readonly nominal: true;

  private static lookup(spec: BaseSpec, label: string): SandboxBase {
    return new SandboxBase(
      BaseImage.lookup({ use: 'sandbox', query: spec as unknown as Json, label: `sandbox ${label}` }),
      undefined,
    );
  }

  private static exact(spec: BaseSpec): SandboxBase {
    return new SandboxBase(BaseImage.exact(spec as unknown as Json), undefined);
  }

  private constructor(
    /** @internal what goes into the plan as the base */
    readonly image: BaseImage | undefined,
    /** @internal what goes into the config: a file of the project is an asset */
    readonly local: LocalBase | undefined,
  ) {
    Object.defineProperty(this, BRAND, { value: true });
  }
}

const BRAND = Symbol.for('goldsmith.sandbox-base');

function given<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
