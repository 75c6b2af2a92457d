import type { Construct } from 'constructs';
import type { ProvisionerExtension } from '../extension/provisioner';
import { Element } from './element';
import { Image } from './image';
import { addProblem } from './problems';
import type { SourceSelector } from './selector';

/** Props that every provisioner has. */
export interface ProvisionerProps {
  /**
   * Runs only on these sources: ids (`Docker`), platform type keys (`amazon-ebs`), or a function that decides.
   * @default - runs on all sources of the image
   */
  readonly only?: readonly SourceSelector[];
  /**
   * Does not run on these sources. Where `only` is given too, both must hold.
   * @default - none
   */
  readonly except?: readonly SourceSelector[];
  /**
   * Props that differ on one source, by its id or its platform's type key (the id wins).
   * @default - none
   */
  readonly overrides?: Readonly<Record<string, object>>;
  /**
   * Waits so long before it runs, such as `30s`. The time does not count for `timeout`.
   * @default - no pause
   */
  readonly pauseBefore?: string;
  /**
   * Fails when one try takes longer, such as `10m`.
   * @default - no limit
   */
  readonly timeout?: string;
  /**
   * Tries again so many times when it fails.
   * @default 0
   */
  readonly maxRetries?: number;
  /**
   * Waits so long between tries.
   * @default - no wait
   */
  readonly retryDelay?: string;
  /**
   * Goes on with the build when it fails for good.
   * @default false
   */
  readonly continueOnError?: boolean;
  /**
   * Runs only when another provisioner has failed, before the machine is cleaned up: to fetch logs, say.
   * @default false
   */
  readonly onFailure?: boolean;
}

/** The props above, which no extension sees: `overrides` and the rest belong to the engine. */
export type OwnProps<P> = Omit<P, keyof ProvisionerProps>;

const BRAND = Symbol.for('goldsmith.provisioner');

/**
 * A step on the machine. Steps run in the order in which they were made, depth first through groups.
 *
 * To write one: a props interface that extends {@link ProvisionerProps}, a schema and a runner made into an extension,
 * and a class whose constructor hands the extension to this one.
 */
export abstract class Provisioner<P extends ProvisionerProps = ProvisionerProps> extends Element {
  /** Whether a value is a provisioner, also from another copy of this package. */
  static is(value: unknown): value is Provisioner {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  readonly props: Readonly<P>;
  /** What runs it. */
  readonly extension: ProvisionerExtension;

  protected constructor(scope: Construct, id: string, props: P, extension: Provisioner['extension']) {
    super(scope, id);
    this.props = props;
    this.extension = extension;
    Object.defineProperty(this, BRAND, { value: true });
    if (!Image.tryOf(this)) {
      addProblem(
        this,
        'INVALID_PROGRAM',
        'a provisioner stands outside of any image',
        'give it an Image, or a construct within one, as its scope',
      );
    }
  }
}
