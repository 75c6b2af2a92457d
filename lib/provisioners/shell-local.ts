import type { Construct } from 'constructs';
import { Provisioner, type OwnProps, type ProvisionerProps } from '../core/provisioner';
import { exactlyOne, props } from '../extension/props';
import type { ProvisionerExtension } from '../extension/provisioner';
import { runLocalScripts } from './local-run';
import { localScriptRules, localScriptShape, type LocalScriptConfig, type LocalScriptProps } from './local-scripts';

/** Props of {@link ShellLocalProvisioner}. Exactly one of `command`, `inline`, `script`, `scripts`. */
export interface ShellLocalProvisionerProps extends ProvisionerProps, LocalScriptProps {}

const schema = props<OwnProps<ShellLocalProvisionerProps>>()(
  localScriptShape,
  exactlyOne('command', 'inline', 'script', 'scripts'),
  ...localScriptRules,
);

/**
 * Runs commands or scripts on the machine that goldsmith runs on, in the project's folder.
 *
 * @example
 * new ShellLocalProvisioner(web, 'Bundle', { command: 'npm run build', onlyOn: ['linux', 'darwin'] });
 */
export class ShellLocalProvisioner extends Provisioner<ShellLocalProvisionerProps> {
  constructor(scope: Construct, id: string, props: ShellLocalProvisionerProps) {
    super(scope, id, props, shellLocal);
  }
}

/** Runs {@link ShellLocalProvisioner}. */
export const shellLocal: ProvisionerExtension<OwnProps<ShellLocalProvisionerProps>, LocalScriptConfig> = {
  kind: 'provisioner',
  use: 'shell-local',
  module: 'goldsmith',
  schema,
  run: (config, machine, ctx) => runLocalScripts(config, ctx.variables, machine.facts, ctx),
};
