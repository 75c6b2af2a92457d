import type { Construct } from 'constructs';
import { z } from 'zod';
import { Provisioner, type OwnProps, type ProvisionerProps } from '../core/provisioner';
import { duration, props, text, type Rule } from '../extension/props';
import type { ProvisionerExtension } from '../extension/provisioner';
import type { Text } from '../plan/late';
import { runWindowsRestart } from './windows-restart-run';

/** Props of {@link WindowsRestartProvisioner}. */
export interface WindowsRestartProvisionerProps extends ProvisionerProps {
  /**
   * What restarts the machine. Exit codes 1115 and 1190 count as success, too: it is restarting already.
   * @default - `shutdown /r /f /t 0`
   */
  readonly restartCommand?: Text;
  /**
   * A command that must succeed before the next step: the machine is asked until it does.
   * @default - the time of its last boot must be another one, and stay the same
   */
  readonly restartCheckCommand?: Text;
  /**
   * How long it may take until the machine is there again.
   * @default '5m'
   */
  readonly restartTimeout?: string;
  /**
   * Waits also until none of `registryKeys` is there: until Windows has done what it does after a restart.
   * @default false
   */
  readonly checkRegistry?: boolean;
  /**
   * Keys of the registry that are there as long as Windows is busy, such as `HKLM:\SOFTWARE\Acme\Busy`.
   * @default - RebootPending, PackagesPending and RebootInProgress of Component Based Servicing
   */
  readonly registryKeys?: readonly string[];
}

const registryRule: Rule = ({ checkRegistry, registryKeys }) =>
  registryKeys !== undefined && checkRegistry !== true ? '`registryKeys` needs `checkRegistry: true`' : undefined;

const schema = props<OwnProps<WindowsRestartProvisionerProps>>()(
  {
    restartCommand: text().optional(),
    restartCheckCommand: text().optional(),
    restartTimeout: duration().optional(),
    checkRegistry: z.boolean().optional(),
    registryKeys: z.array(z.string().min(1)).min(1).optional(),
  },
  registryRule,
);

/**
 * Restarts a Windows machine, over WinRM or SSH, and goes on when it has really been restarted.
 *
 * @example
 * new WindowsRestartProvisioner(web, 'Restart', { restartTimeout: '15m', checkRegistry: true });
 */
export class WindowsRestartProvisioner extends Provisioner<WindowsRestartProvisionerProps> {
  constructor(scope: Construct, id: string, props: WindowsRestartProvisionerProps = {}) {
    super(scope, id, props, windowsRestart);
  }
}

/** Props of a restart as its runner gets them. */
export type WindowsRestartConfig = z.output<typeof schema>;

/** Runs {@link WindowsRestartProvisioner}. */
export const windowsRestart: ProvisionerExtension<OwnProps<WindowsRestartProvisionerProps>, WindowsRestartConfig> = {
  kind: 'provisioner',
  use: 'windows-restart',
  module: 'goldsmith',
  schema,
  run: runWindowsRestart,
};
