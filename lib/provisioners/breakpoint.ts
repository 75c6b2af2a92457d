import type { Construct } from 'constructs';
import { z } from 'zod';
import { Provisioner, type OwnProps, type ProvisionerProps } from '../core/provisioner';
import { props, text } from '../extension/props';
import type { ProvisionerExtension } from '../extension/provisioner';
import type { Text } from '../plan/late';

/** Props of {@link BreakpointProvisioner}. */
export interface BreakpointProvisionerProps extends ProvisionerProps {
  /**
   * What to tell the person in front.
   * @default - nothing
   */
  readonly note?: Text;
  /**
   * Does not stop.
   * @default false
   */
  readonly disable?: boolean;
}

const schema = props<OwnProps<BreakpointProvisionerProps>>()({
  note: text().optional(),
  disable: z.boolean().optional(),
});

/**
 * Stops the build until somebody presses Enter, so that the machine can be looked at. Where nobody can, the build goes on.
 *
 * @example
 * new BreakpointProvisioner(web, 'Look', { note: 'is nginx configured?' });
 */
export class BreakpointProvisioner extends Provisioner<BreakpointProvisionerProps> {
  constructor(scope: Construct, id: string, props: BreakpointProvisionerProps = {}) {
    super(scope, id, props, breakpoint);
  }
}

/** Runs {@link BreakpointProvisioner}. */
export const breakpoint: ProvisionerExtension<OwnProps<BreakpointProvisionerProps>, z.output<typeof schema>> = {
  kind: 'provisioner',
  use: 'breakpoint',
  module: 'goldsmith',
  schema,
  passive: true,
  run: async ({ note, disable }, _machine, ctx) => {
    const said = note === undefined ? '' : ` with the note: ${note}`;
    if (disable === true) {
      ctx.say(`a breakpoint${said}; it is disabled`);
    } else if (!ctx.interactive) {
      ctx.warn(`a breakpoint${said}; nobody can answer here, so the build goes on`);
    } else {
      ctx.say(`stopped at a breakpoint${said}`);
      await ctx.ask('Press Enter to go on', '');
    }
  },
};
