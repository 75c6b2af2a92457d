import type { Construct } from 'constructs';
import type { z } from 'zod';
import { Provisioner, type OwnProps, type ProvisionerProps } from '../core/provisioner';
import { duration, props } from '../extension/props';
import type { ProvisionerExtension } from '../extension/provisioner';
import { parseDuration } from '../util/duration';

/** Props of {@link PauseProvisioner}. */
export interface PauseProvisionerProps extends ProvisionerProps {
  /** For how long, such as `30s`. */
  readonly duration: string;
}

const schema = props<OwnProps<PauseProvisionerProps>>()({ duration: duration() });

/**
 * Waits. Packer's `sleep`.
 *
 * @example
 * new PauseProvisioner(web, 'Settle', { duration: '30s' });
 */
export class PauseProvisioner extends Provisioner<PauseProvisionerProps> {
  constructor(scope: Construct, id: string, props: PauseProvisionerProps) {
    super(scope, id, props, sleep);
  }
}

/** Runs {@link PauseProvisioner}. */
export const sleep: ProvisionerExtension<OwnProps<PauseProvisionerProps>, z.output<typeof schema>> = {
  kind: 'provisioner',
  use: 'sleep',
  module: 'goldsmith',
  schema,
  passive: true,
  run: async (config, _machine, ctx) => {
    ctx.say(`waiting for ${config.duration}`);
    await ctx.clock.sleep(parseDuration(config.duration), ctx.signal);
  },
};
