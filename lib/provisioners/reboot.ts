import type { Construct } from 'constructs';
import type { z } from 'zod';
import { Provisioner, type OwnProps, type ProvisionerProps } from '../core/provisioner';
import { duration, props, text } from '../extension/props';
import type { ProvisionerExtension } from '../extension/provisioner';
import type { Text } from '../plan/late';
import { runReboot } from './reboot-run';

/** Props of {@link RebootProvisioner}. */
export interface RebootProvisionerProps extends ProvisionerProps {
  /**
   * What restarts the machine.
   * @default - `shutdown -r now`, by sudo where the login user is not root; on Windows `shutdown /r /f /t 0`
   */
  readonly command?: Text;
  /**
   * A command that must succeed before the next step: the machine is asked until it does.
   * @default - systemd, where there is one, must have started everything
   */
  readonly checkCommand?: Text;
  /**
   * How long it may take until the machine is there again.
   * @default '5m'
   */
  readonly restartTimeout?: string;
}

const schema = props<OwnProps<RebootProvisionerProps>>()({
  command: text().optional(),
  checkCommand: text().optional(),
  restartTimeout: duration().optional(),
});

/** Props of a restart as its runner gets them. */
export type RebootConfig = z.output<typeof schema>;

/**
 * Restarts the machine, and goes on when it has really been restarted: by its boot id, not by a pause.
 *
 * @example
 * new RebootProvisioner(web, 'IntoNewKernel');
 */
export class RebootProvisioner extends Provisioner<RebootProvisionerProps> {
  constructor(scope: Construct, id: string, props: RebootProvisionerProps = {}) {
    super(scope, id, props, reboot);
  }
}

/** Runs {@link RebootProvisioner}. */
export const reboot: ProvisionerExtension<OwnProps<RebootProvisionerProps>, RebootConfig> = {
  kind: 'provisioner',
  use: 'reboot',
  module: 'goldsmith',
  schema,
  run: runReboot,
};
