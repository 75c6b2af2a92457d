import type { Construct } from 'constructs';
import { z } from 'zod';
import { Provisioner, type OwnProps, type ProvisionerProps } from '../core/provisioner';
import { asset, duration, exactlyOne, props, text, type Rule } from '../extension/props';
import type { ProvisionerExtension } from '../extension/provisioner';
import type { Text } from '../plan/late';
import { environmentRule, environmentShape, envVarFormatRule, type EnvironmentProps } from './environment';
import { runShell } from './shell-run';

/** Props of {@link ShellProvisioner}. Exactly one of `inline`, `script`, `scripts`. */
export interface ShellProvisionerProps extends ProvisionerProps, EnvironmentProps {
  /**
   * Commands for one shell, in order; the first that fails ends the step. A first command that starts with `#!` is the
   * first line of the script.
   * @default - `script` or `scripts` says what to run
   */
  readonly inline?: readonly Text[];
  /**
   * The first line of the script that `inline` becomes, without its `#!`.
   * @default '/bin/sh -e'
   */
  readonly inlineShebang?: string;
  /**
   * A local script, relative to the program.
   * @default - `inline` or `scripts` says what to run
   */
  readonly script?: Text;
  /**
   * Local scripts, run in this order.
   * @default - `inline` or `script` says what to run
   */
  readonly scripts?: readonly Text[];
  /**
   * Leaves the line ends of scripts as they are; else CRLF becomes LF.
   * @default false
   */
  readonly binary?: boolean;
  /**
   * The command line that runs a script, with `{{.Path}}`, `{{.Vars}}` and `{{.EnvVarFile}}`, such as
   * `sudo -E sh -c '{{.Vars}} {{.Path}}'`. The script's environment is then what this makes of `{{.Vars}}`, which shows
   * in the machine's list of processes: prefer `useEnvVarFile` for secrets.
   * @default - the interpreter that the script's first line names runs it; its environment goes in unseen
   */
  readonly executeCommand?: Text;
  /**
   * How each variable reads in `{{.Vars}}`, or in the file of `useEnvVarFile`: two `%s`, for name and value.
   * @default `%s='%s' `, and `export %s='%s'` on lines of their own in a file
   */
  readonly envVarFormat?: string;
  /**
   * Puts the variables into a file that only the login user can read, named `{{.EnvVarFile}}` in `executeCommand`.
   * @default false
   */
  readonly useEnvVarFile?: boolean;
  /**
   * Folder on the machine in which the script lies while it runs.
   * @default '/tmp'
   */
  readonly remoteFolder?: Text;
  /**
   * Name of the script in `remoteFolder`.
   * @default - a name that nobody can guess
   */
  readonly remoteFile?: Text;
  /**
   * Path of the script on the machine, in place of `remoteFolder` and `remoteFile`.
   * @default - `remoteFile` in `remoteFolder`
   */
  readonly remotePath?: Text;
  /**
   * Leaves the script (and the file of `useEnvVarFile`) on the machine.
   * @default false
   */
  readonly skipClean?: boolean;
  /**
   * Takes a lost connection for success: the script restarts the machine.
   * @default false
   */
  readonly expectDisconnect?: boolean;
  /**
   * Exit statuses that count as success. 2300218 stands for a lost connection.
   * @default [0]
   */
  readonly validExitCodes?: readonly number[];
  /**
   * Tries to start a script for so long where the machine does not answer: it may be restarting.
   * @default '5m'
   */
  readonly startRetryTimeout?: string;
  /**
   * Waits so long after the scripts: for a restart to begin, say.
   * @default - no pause
   */
  readonly pauseAfter?: string;
}

const envFileRule: Rule = ({ executeCommand, useEnvVarFile }) => {
  if (typeof executeCommand !== 'string' || !executeCommand.includes('.EnvVarFile') || useEnvVarFile === true)
    return undefined;
  return '`executeCommand` has {{.EnvVarFile}}, which is there only with `useEnvVarFile: true`';
};

const schema = props<OwnProps<ShellProvisionerProps>>()(
  {
    inline: z.array(text()).min(1).optional(),
    inlineShebang: z.string().min(1).optional(),
    script: asset().optional(),
    scripts: z.array(asset()).min(1).optional(),
    ...environmentShape,
    binary: z.boolean().optional(),
    executeCommand: text().optional(),
    envVarFormat: z.string().optional(),
    useEnvVarFile: z.boolean().optional(),
    remoteFolder: text().optional(),
    remoteFile: text().optional(),
    remotePath: text().optional(),
    skipClean: z.boolean().optional(),
    expectDisconnect: z.boolean().optional(),
    validExitCodes: z.array(z.number().int().min(0)).min(1).optional(),
    startRetryTimeout: duration().optional(),
    pauseAfter: duration().optional(),
  },
  exactlyOne('inline', 'script', 'scripts'),
  environmentRule,
  envVarFormatRule,
  envFileRule,
);

/**
 * Runs shell commands or scripts on the machine.
 *
 * @example
 * new ShellProvisioner(web, 'Packages', { inline: ['apt-get update', 'apt-get install -y nginx'] });
 * new ShellProvisioner(web, 'Register', { script: 'scripts/register.sh', env: { TOKEN: Secret.fromEnv('TOKEN') } });
 */
export class ShellProvisioner extends Provisioner<ShellProvisionerProps> {
  constructor(scope: Construct, id: string, props: ShellProvisionerProps) {
    super(scope, id, props, shell);
  }
}

/** Props of a shell step as its runner gets them. */
export type ShellConfig = z.output<typeof schema>;

/** Runs {@link ShellProvisioner}. */
export const shell: ProvisionerExtension<OwnProps<ShellProvisionerProps>, ShellConfig> = {
  kind: 'provisioner',
  use: 'shell',
  module: 'goldsmith',
  schema,
  run: runShell,
};
