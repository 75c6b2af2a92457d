import type { Construct } from 'constructs';
import { type IConstruct } from 'constructs';
import { ArtifactRef } from './artifact-ref';
import { BaseImage } from './base-image';
import { Element } from './element';
import { addProblem } from './problems';
import type { Source } from './source';
import { didYouMean } from '../util/nearest';

/** Props of {@link Image}. */
export interface ImageProps {
  /**
   * Another image to start from: for each of its sources this image gets one of the same platform that starts from
   * that one's artifact, with the same props and the same id.
   * @default - sources are added by hand
   */
  readonly from?: Image;
  /**
   * With `from`: what differs, by id of the source. `false` leaves a source out.
   * @default - nothing differs
   */
  readonly sources?: Readonly<Record<string, object | false>>;
  /**
   * After this time a build counts as stale and is built anew though nothing changed, such as `7d`: fresh packages
   * without `--force`.
   * @default - never stale
   */
  readonly maxAge?: string;
}

const BRAND = Symbol.for('goldsmith.image');
const PROPS: readonly string[] = ['from', 'sources', 'maxAge'] satisfies readonly (keyof ImageProps)[];

/**
 * One image: what is the same of it on all its platforms. Sources, provisioners and post-processors go below it.
 *
 * @example
 * const base = new Image(app, 'Base', { maxAge: '7d' });
 * new DockerSource(base, 'Docker', { base: 'debian:bookworm' });
 * const shop = new Image(app, 'Shop', { from: base });
 */
export class Image extends Element {
  /** Whether a value is an image, also from another copy of this package. */
  static is(value: unknown): value is Image {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  /** The image that a construct belongs to, if any: the nearest above it. */
  static tryOf(construct: IConstruct): Image | undefined {
    return construct.node.scopes.reverse().find((scope) => Image.is(scope)) as Image | undefined;
  }

  /** The image that a construct belongs to. Throws where there is none. */
  static of(construct: IConstruct): Image {
    const image = Image.tryOf(construct);
    if (!image) throw new Error(`${construct.node.path} belongs to no image`);
    return image;
  }

  /** The image it starts from, if one was given. */
  readonly from: Image | undefined;
  /** After which time it is stale. */
  readonly maxAge: string | undefined;
  private readonly ownSources: Source[] = [];

  constructor(scope: Construct, id: string, props: ImageProps = {}) {
    super(scope, id);
    Object.defineProperty(this, BRAND, { value: true });
    this.from = Image.is(props.from) ? props.from : undefined;
    this.maxAge = props.maxAge;
    if (Image.tryOf(scope))
      addProblem(
        this,
        'INVALID_PROGRAM',
        'an image stands within another image',
        'use `from` to build one image on another',
      );
    this.refuseUnknown(props);
    if (this.from) this.deriveFrom(this.from, props.sources ?? {});
    else if (props.sources && props.from === undefined)
      addProblem(
        this,
        'INVALID_PROPS',
        '`sources` is given without `from`',
        'add sources as constructs, or name the image to start from',
      );
  }

  /** Its sources, in the order in which they were made. */
  get sources(): readonly Source[] {
    return this.ownSources;
  }

  /**
   * Outputs of one of its builds: `image.artifact('Docker').imageId`.
   *
   * @param source id of the source
   */
  artifact(source: string): ArtifactRef {
    const found = this.ownSources.find(({ node }) => node.id === source);
    if (!found) {
      const ids = this.ownSources.map(({ node }) => node.id).join(', ') || 'none';
      addProblem(this, 'UNKNOWN_SELECTOR', `there is no source \`${source}\`; the image has: ${ids}`);
    }
    return new ArtifactRef(found);
  }

  /** @internal */
  addSource(source: Source): void {
    this.ownSources.push(source);
  }

  private refuseUnknown(props: ImageProps): void {
    for (const name of Object.keys(props)) {
      if (!PROPS.includes(name)) addProblem(this, 'INVALID_PROPS', `unknown prop \`${name}\``, didYouMean(name, PROPS));
    }
    if (props.from !== undefined && !this.from)
      addProblem(this, 'INVALID_PROPS', `\`from\` is ${JSON.stringify(props.from)}, and an Image is needed`);
  }

  private deriveFrom(parent: Image, overrides: Readonly<Record<string, object | false>>): void {
    const known = new Set(parent.sources.map(({ node }) => node.id));
    for (const id of Object.keys(overrides)) {
      if (!known.has(id)) {
        addProblem(
          this,
          'UNKNOWN_SELECTOR',
          `\`sources\` names \`${id}\`, but ${parent.node.path} has: ${[...known].join(', ') || 'no source'}`,
        );
      }
    }
    for (const source of parent.sources) {
      const override = overrides[source.node.id];
      if (override !== false) source.derive(this, source.node.id, override ?? {}, BaseImage.of(source));
    }
  }
}
