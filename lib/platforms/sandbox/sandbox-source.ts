import type { Construct } from 'constructs';
import { messageOf } from '../../errors';
import type { BaseImage } from '../../core/base-image';
import { addProblem } from '../../core/problems';
import { Source } from '../../core/source';
import { SandboxBase } from './sandbox-base';
import { sandbox } from './sandbox-extension';
import type { SandboxConfigProps } from './sandbox-props';

/** Props of {@link SandboxSource}. */
export interface SandboxSourceProps extends Omit<SandboxConfigProps, 'local'> {
  /**
   * What to start from: the name of an image in a registry, one of {@link SandboxBase}, or another image (`BaseImage.of(core)`).
   */
  readonly base: string | SandboxBase | BaseImage;
}

/**
 * Builds an image with nothing but the Linux kernel: an overlay over a base, provisioned in namespaces of its own. No engine is
 * needed, and as a rule no root.
 *
 * @example
 * new SandboxSource(core, 'Sandbox', { base: SandboxBase.minimal(), changes: ['CMD ["/bin/sh"]'] });
 */
export class SandboxSource extends Source<SandboxSourceProps> {
  private readonly from: SandboxBase | BaseImage | undefined;

  constructor(scope: Construct, id: string, props: SandboxSourceProps) {
    super(scope, id, props, sandbox);
    try {
      this.from = typeof props.base === 'string' ? SandboxBase.registry(props.base) : props.base;
    } catch (error) {
      addProblem(this, 'INVALID_PROPS', `\`base\`: ${messageOf(error)}`);
    }
    if (props.base === undefined) {
      addProblem(
        this,
        'INVALID_PROPS',
        '`base` is missing',
        'name an image of a registry, or write SandboxBase.minimal(), which needs nothing at all',
      );
    }
  }

  /** What it starts from; undefined where that is a file of the project. */
  base(): BaseImage | undefined {
    return SandboxBase.is(this.from) ? this.from.image : this.from;
  }

  /** The config in the plan: a base in the project's files is part of it, as an asset. */
  override config(): object {
    const config = super.config();
    return SandboxBase.is(this.from) && this.from.local ? { ...config, local: this.from.local } : config;
  }
}
