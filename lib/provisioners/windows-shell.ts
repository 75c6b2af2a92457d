import type { Construct } from 'constructs';
import { z } from 'zod';
import { Provisioner, type OwnProps } from '../core/provisioner';
import { exactlyOne, props, text } from '../extension/props';
import type { ProvisionerExtension } from '../extension/provisioner';
import type { Text } from '../plan/late';
import { environmentRule, envVarFormatRule } from './environment';
import { windowsScriptShape, type WindowsScriptProps } from './windows-script-props';
import { runWindowsShell } from './windows-shell-run';

/** Props of {@link WindowsShellProvisioner}. Exactly one of `inline`, `script`, `scripts`. */
export interface WindowsShellProvisionerProps extends WindowsScriptProps {
  /**
   * Leaves the line ends of scripts as they are; else LF becomes CRLF, without which cmd.exe misses labels.
   * @default false
   */
  readonly binary?: boolean;
  /**
   * The command line that runs a script, with `{{.Path}}` and `{{.Vars}}`. The variables then show in the machine's list of processes.
   * @default - cmd.exe runs it; its environment goes in unseen, in one round trip
   */
  readonly executeCommand?: Text;
}

const schema = props<OwnProps<WindowsShellProvisionerProps>>()(
  { ...windowsScriptShape, binary: z.boolean().optional(), executeCommand: text().optional() },
  exactlyOne('inline', 'script', 'scripts'),
  environmentRule,
  envVarFormatRule,
);

/**
 * Runs batch files on a Windows machine, over WinRM or SSH.
 *
 * @example
 * new WindowsShellProvisioner(web, 'Features', { inline: ['dism /online /enable-feature /featurename:TelnetClient'] });
 */
export class WindowsShellProvisioner extends Provisioner<WindowsShellProvisionerProps> {
  constructor(scope: Construct, id: string, props: WindowsShellProvisionerProps) {
    super(scope, id, props, windowsShell);
  }
}

/** Props of a batch step as its runner gets them. */
export type WindowsShellConfig = z.output<typeof schema>;

/** Runs {@link WindowsShellProvisioner}. */
export const windowsShell: ProvisionerExtension<OwnProps<WindowsShellProvisionerProps>, WindowsShellConfig> = {
  kind: 'provisioner',
  use: 'windows-shell',
  module: 'goldsmith',
  schema,
  run: runWindowsShell,
};
