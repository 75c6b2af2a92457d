import type { Construct } from 'constructs';
import type { PostProcessorExtension } from '../extension/post-processor';
import { Element } from './element';
import type { SourceSelector } from './selector';

/** Props that every post-processor has. */
export interface PostProcessorProps {
  /**
   * Takes only what these sources made: ids, platform type keys, or a function that decides.
   * @default - takes what all of them made
   */
  readonly only?: readonly SourceSelector[];
  /**
   * Leaves out what these sources made.
   * @default - none
   */
  readonly except?: readonly SourceSelector[];
  /**
   * `each`: runs once for each build. `all`: runs once, with the artifacts of all builds.
   * @default 'each', and 'all' directly under the App
   */
  readonly inputs?: 'each' | 'all';
  /**
   * Whether the artifact it takes is kept beside the one it makes.
   * @default - by the post-processor, as in Packer: its page in docs/reference/ says which
   */
  readonly keepInputArtifact?: boolean;
}

const BRAND = Symbol.for('goldsmith.post-processor');

/** Something done with what the builds made. Under an Image it takes that image's artifacts, under the App all images'. */
export abstract class PostProcessor<P extends PostProcessorProps = PostProcessorProps> extends Element {
  /** Whether a value is a post-processor, also from another copy of this package. */
  static is(value: unknown): value is PostProcessor {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  readonly props: Readonly<P>;
  /** What runs it. */
  readonly extension: PostProcessorExtension;

  protected constructor(scope: Construct, id: string, props: P, extension: PostProcessor['extension']) {
    super(scope, id);
    this.props = props;
    this.extension = extension;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/**
 * Post-processors that hand on to one another: each takes what the one made before it made, in the order in which they
 * were created. Packer's `post-processors` block.
 *
 * @example
 * const release = new PostProcessorChain(web, 'Release');
 * new DockerTagPostProcessor(release, 'Tag', { repository: 'registry.acme.test/web', tags: ['1.4'] });
 * new DockerPushPostProcessor(release, 'Push');
 */
export class PostProcessorChain extends Element {
  /** Whether a value is a chain, also from another copy of this package. */
  static is(value: unknown): value is PostProcessorChain {
    return typeof value === 'object' && value !== null && CHAIN in value;
  }

  constructor(scope: Construct, id: string) {
    super(scope, id);
    Object.defineProperty(this, CHAIN, { value: true });
  }
}

const CHAIN = Symbol.for('goldsmith.post-processor-chain');
