import type { Construct } from 'constructs';
import type { ProvisionerExtension } from '../extension/provisioner';
import { Element } from './element';
import { Image } from './image';
import { addProblem } from './problems';
import type { SourceSelector } from './selector';

/** Props that every verification has. */
export interface VerificationBaseProps {
  /**
   * Checks only what these sources made: ids, platform type keys, or a function that decides.
   * @default - checks what all of them made
   */
  readonly only?: readonly SourceSelector[];
  /**
   * Leaves out what these sources made.
   * @default - none
   */
  readonly except?: readonly SourceSelector[];
  /**
   * Fails when the checks take longer, such as `5m`.
   * @default - no limit
   */
  readonly timeout?: string;
}

const BRAND = Symbol.for('goldsmith.verification');

/**
 * Checks on a fresh boot of the finished image: a second machine is started from the artifact, the checks run on it, and it is
 * destroyed. What fails is not handed to post-processors and dependants.
 */
export abstract class VerificationBase<P extends VerificationBaseProps = VerificationBaseProps> extends Element {
  /** Whether a value is a verification, also from another copy of this package. */
  static is(value: unknown): value is VerificationBase {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  readonly props: Readonly<P>;
  /** What runs the checks. */
  readonly extension: ProvisionerExtension;

  protected constructor(scope: Construct, id: string, props: P, extension: VerificationBase['extension']) {
    super(scope, id);
    this.props = props;
    this.extension = extension;
    Object.defineProperty(this, BRAND, { value: true });
    if (!Image.tryOf(this)) {
      addProblem(
        this,
        'INVALID_PROGRAM',
        'a verification stands outside of any image',
        'give it an Image, or a construct within one, as its scope',
      );
    }
  }
}
