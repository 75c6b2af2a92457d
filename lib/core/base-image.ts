import type { IConstruct } from 'constructs';
import type { Json } from '../plan/json';
import type { Image } from './image';
import type { Source } from './source';

/** What a lookup asks: resolved at the first build, pinned in the lock file, moved by `goldsmith update`. */
export interface LookupSpec {
  /** Type key of the platform whose driver answers; `catalog` for what other runs built. */
  readonly use: string;
  readonly query: Json;
  /** How messages and the lock file name it, such as `docker debian:bookworm`. */
  readonly label: string;
}

/** What a source starts from. */
export class BaseImage {
  /** The artifact of another image: of its build on the same platform. */
  static of(image: Image | Source): BaseImage {
    return new BaseImage({ kind: 'artifact', of: image });
  }

  /**
   * What another program published under a name: the newest artifact of that image for the platform of the source.
   *
   * @param name path of the image in its app, such as `Core`, or with its app: `acme-images/Core`
   */
  static fromCatalog(name: string, options: { readonly channel?: string } = {}): BaseImage {
    return new BaseImage({ kind: 'catalog', name, channel: options.channel ?? 'latest' });
  }

  /** Something that can move, such as a tag or "the newest that matches": an exact id after the first build. */
  static lookup(spec: LookupSpec): BaseImage {
    return new BaseImage({ kind: 'lookup', lookup: spec });
  }

  /** Something that cannot move, such as a digest. */
  static exact(value: Json): BaseImage {
    return new BaseImage({ kind: 'exact', value });
  }

  /** Whether a value is a base image, also from another copy of this package. */
  static is(value: unknown): value is BaseImage {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  /** @internal */
  readonly spec: BaseSpec;
  /** Only for the compiler: without it the published type would be empty, and any value would do as a base. */
  declare protected readonly nominal: true;

  private constructor(spec: BaseSpec) {
    this.spec = spec;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** @internal */
export type BaseSpec =
  | { readonly kind: 'artifact'; readonly of: (Image | Source) & IConstruct }
  | { readonly kind: 'catalog'; readonly name: string; readonly channel: string }
  | { readonly kind: 'lookup'; readonly lookup: LookupSpec }
  | { readonly kind: 'exact'; readonly value: Json };

const BRAND = Symbol.for('goldsmith.base-image');
