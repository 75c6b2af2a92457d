import type { Construct } from 'constructs';
import { z } from 'zod';
import { Provisioner, type OwnProps } from '../core/provisioner';
import { exactlyOne, props, text, type Rule } from '../extension/props';
import type { ProvisionerExtension } from '../extension/provisioner';
import type { Text } from '../plan/late';
import { environmentRule, envVarFormatRule } from './environment';
import { runPowershell } from './powershell-run';
import { windowsScriptShape, type WindowsScriptProps } from './windows-script-props';

/** Which scripts PowerShell runs (about_Execution_Policies); `none` leaves it to the machine. */
export type PowershellExecutionPolicy =
  'bypass' | 'allsigned' | 'default' | 'remotesigned' | 'restricted' | 'undefined' | 'unrestricted' | 'none';

/** Props of {@link PowershellProvisioner}. Exactly one of `inline`, `script`, `scripts`. */
export interface PowershellProvisionerProps extends WindowsScriptProps {
  /**
   * Runs the script as this user with all rights, by a scheduled task: for what is not allowed to those who come over the network,
   * such as Windows Update. `SYSTEM` and the other service accounts need no password.
   * @default - the login user runs it
   */
  readonly elevatedUser?: Text;
  /**
   * Password of `elevatedUser`: a `Secret`.
   * @default - none: it is a service account
   */
  readonly elevatedPassword?: Text;
  /**
   * Which scripts may run.
   * @default 'bypass'
   */
  readonly executionPolicy?: PowershellExecutionPolicy;
  /**
   * PowerShell 7 (`pwsh`) rather than Windows PowerShell (`powershell`).
   * @default - false; true where the machine is not Windows
   */
  readonly usePwsh?: boolean;
  /**
   * `Set-PSDebug -Trace`: 1 prints each line before it runs, 2 assignments and calls, too. Values show.
   * @default 0
   */
  readonly debugMode?: 0 | 1 | 2;
  /**
   * The command line that runs a script, with `{{.Path}}` and `{{.Vars}}`, the path of a file that sets the variables.
   * @default - PowerShell runs it; its environment goes in unseen, in one round trip
   */
  readonly executeCommand?: Text;
  /**
   * The same for `elevatedUser`.
   * @default - see `executeCommand`
   */
  readonly elevatedExecuteCommand?: Text;
  /**
   * How each variable reads in the file `{{.Vars}}` of `elevatedExecuteCommand`.
   * @default `$env:%s="%s"; `
   */
  readonly elevatedEnvVarFormat?: string;
  /**
   * Path of the file `{{.Vars}}` on the machine.
   * @default - a name that nobody can guess, in `C:\Windows\Temp`
   */
  readonly remoteEnvVarPath?: Text;
}

const elevatedRule: Rule = ({ elevatedUser, elevatedPassword, elevatedExecuteCommand }) => {
  if (elevatedUser !== undefined) return undefined;
  if (elevatedPassword !== undefined) return '`elevatedPassword` needs `elevatedUser`, whose password it is';
  return elevatedExecuteCommand === undefined
    ? undefined
    : '`elevatedExecuteCommand` needs `elevatedUser`, who shall run it';
};

const schema = props<OwnProps<PowershellProvisionerProps>>()(
  {
    ...windowsScriptShape,
    elevatedUser: text().optional(),
    elevatedPassword: text().optional(),
    executionPolicy: z
      .enum(['bypass', 'allsigned', 'default', 'remotesigned', 'restricted', 'undefined', 'unrestricted', 'none'])
      .optional(),
    usePwsh: z.boolean().optional(),
    debugMode: z.union([z.literal(0), z.literal(1), z.literal(2)]).optional(),
    executeCommand: text().optional(),
    elevatedExecuteCommand: text().optional(),
    elevatedEnvVarFormat: z.string().optional(),
    remoteEnvVarPath: text().optional(),
  },
  exactlyOne('inline', 'script', 'scripts'),
  environmentRule,
  envVarFormatRule,
  ({ elevatedEnvVarFormat }) => envVarFormatRule({ envVarFormat: elevatedEnvVarFormat }),
  elevatedRule,
);

/**
 * Runs PowerShell on a Windows machine, over WinRM or SSH; elsewhere where `pwsh` is installed.
 *
 * @example
 * new PowershellProvisioner(web, 'Iis', { inline: ['Install-WindowsFeature -Name Web-Server'] });
 * new PowershellProvisioner(web, 'Agent', { script: 'scripts/agent.ps1', elevatedUser: 'SYSTEM' });
 */
export class PowershellProvisioner extends Provisioner<PowershellProvisionerProps> {
  constructor(scope: Construct, id: string, props: PowershellProvisionerProps) {
    super(scope, id, props, powershell);
  }
}

/** Props of a PowerShell step as its runner gets them. */
export type PowershellConfig = z.output<typeof schema>;

/** Runs {@link PowershellProvisioner}. */
export const powershell: ProvisionerExtension<OwnProps<PowershellProvisionerProps>, PowershellConfig> = {
  kind: 'provisioner',
  use: 'powershell',
  module: 'goldsmith',
  schema,
  run: runPowershell,
};
