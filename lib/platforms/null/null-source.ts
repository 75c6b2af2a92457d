import type { Construct } from 'constructs';
import { z } from 'zod';
import { sshCommunicatorSchema, type SshCommunicatorProps } from '../../communicators/ssh/props';
import { winrmCommunicatorSchema, type WinrmCommunicatorProps } from '../../communicators/winrm/props';
import { Provisioner } from '../../core/provisioner';
import { applies } from '../../core/selector';
import { Source } from '../../core/source';
import type { PlatformExtension } from '../../extension/platform';
import { props } from '../../extension/props';
import { sshRule } from './ssh-rules';
import { winrmRule } from './winrm-rules';

/** Props of {@link NullSource}. */
export interface NullSourceProps {
  /**
   * How the machine is reached: `local` is the machine that goldsmith runs on, `none` no machine at all, `ssh({…})` and
   * `winrm({…})` one that is there already.
   * @default 'local'
   */
  readonly communicator?: 'local' | 'none' | SshCommunicatorProps | WinrmCommunicatorProps;
}

const schema = props<NullSourceProps>()(
  {
    communicator: z.union([z.enum(['local', 'none']), sshCommunicatorSchema, winrmCommunicatorSchema]).optional(),
  },
  sshRule,
  winrmRule,
);

/** Props of a null source as its driver gets them. */
export type NullConfig = z.output<typeof schema>;

/**
 * Provisions a machine that is there already. Nothing is launched or captured, and nothing is ever cached.
 *
 * @example
 * new NullSource(web, 'Here', { communicator: 'local' });
 */
export class NullSource extends Source<NullSourceProps> {
  constructor(scope: Construct, id: string, props: NullSourceProps = {}) {
    super(scope, id, props, nullPlatform);
    this.node.addValidation({ validate: () => this.unreachableSteps() });
  }

  /** There is none: the machine is as it is. */
  base(): undefined {
    return undefined;
  }

  private unreachableSteps(): string[] {
    if (this.props.communicator !== 'none') return [];
    const steps = this.node.scope?.node.findAll().filter((child) => Provisioner.is(child)) ?? [];
    const unreachable = steps.filter(
      ({ extension, props }) => !THIS_SIDE.includes(extension.use) && applies(props, this),
    );
    return unreachable.map(
      ({ node }) =>
        `${node.path} cannot run here: the communicator is \`none\`; give the source another one, or leave it out with \`except\``,
    );
  }
}

/** Steps that do not touch the machine. */
const THIS_SIDE: readonly string[] = ['shell-local', 'breakpoint', 'sleep'];

/** Runs {@link NullSource}. */
export const nullPlatform: PlatformExtension<NullSourceProps, NullConfig> = {
  kind: 'platform',
  use: 'null',
  module: 'goldsmith/null',
  schema,
  cacheable: false,
  produces: () => undefined,
  load: () => {
    const { NullDriver } = require('./null-driver') as typeof import('./null-driver');
    return Promise.resolve(new NullDriver());
  },
};
