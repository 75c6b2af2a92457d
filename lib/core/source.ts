import type { Construct } from 'constructs';
import type { PlatformExtension } from '../extension/platform';
import type { BaseImage } from './base-image';
import { Element } from './element';
import { Image } from './image';
import { Output } from './output';
import { addProblem } from './problems';

const BRAND = Symbol.for('goldsmith.source');

/**
 * Where an image is built: one platform, one machine's life. Platforms extend it.
 *
 * `P` are its props; those that the schema of the extension does not know (`base` above all) are turned into
 * something else by {@link base} and {@link config}.
 */
export abstract class Source<P extends object = object> extends Element {
  /** Whether a value is a source, also from another copy of this package. */
  static is(value: unknown): value is Source {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  /** Sources below `scope`, in the order in which they were made; those of an image within it are that image's. */
  readonly props: Readonly<P>;
  /** What runs it. */
  readonly extension: PlatformExtension;

  protected constructor(scope: Construct, id: string, props: P, extension: Source['extension']) {
    super(scope, id);
    this.props = props;
    this.extension = extension;
    Object.defineProperty(this, BRAND, { value: true });
    const image = Image.tryOf(this);
    if (image) image.addSource(this);
    else
      addProblem(
        this,
        'INVALID_PROGRAM',
        'a source stands outside of any image',
        'give it an Image, or a construct within one, as its scope',
      );
  }

  /** The image it belongs to. */
  get image(): Image {
    return Image.of(this);
  }

  /** Type key of its platform, such as `docker`. */
  get type(): string {
    return this.extension.use;
  }

  /** An output of what it builds, such as `imageId`: known when the build is done. */
  output(name: string): Output<string> {
    return Output.of(this, name);
  }

  /**
   * The same source for another image, starting from this one's artifact: same props, but for those that name the
   * artifact. Overridden where a platform needs more.
   */
  derive(scope: Construct, id: string, overrides: Partial<P>, base: BaseImage): Source {
    const named = new Set(this.extension.nameProps ?? []);
    const inherited = Object.fromEntries(Object.entries(this.props).filter(([name]) => !named.has(name)));
    const Same = this.constructor as new (scope: Construct, id: string, props: object) => Source;
    return new Same(scope, id, { ...this.withoutBase(inherited), base, ...overrides });
  }

  /** The config in the plan: what the schema of the extension checks. */
  config(): object {
    const { base: _base, ...config } = this.props as { base?: unknown };
    return config;
  }

  /** What it starts from; undefined for a platform without bases. */
  abstract base(): BaseImage | undefined;

  /** Props that stand for the base, left out where a base is given otherwise. */
  protected withoutBase(props: object): object {
    const { base: _base, ...rest } = props as { base?: unknown };
    return rest;
  }
}
