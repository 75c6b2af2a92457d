import { z } from 'zod';
import type { ProvisionerProps } from '../core/provisioner';
import { asset, duration, text } from '../extension/props';
import type { Text } from '../plan/late';
import { environmentShape, type EnvironmentProps } from './environment';

/** Props of steps that run scripts on Windows. Exactly one of `inline`, `script`, `scripts`. */
export interface WindowsScriptProps extends ProvisionerProps, EnvironmentProps {
  /**
   * Lines of a script.
   * @default - `script` or `scripts` says what to run
   */
  readonly inline?: readonly Text[];
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
   * Path of the script on the machine.
   * @default - a name that nobody can guess, in `C:\Windows\Temp`
   */
  readonly remotePath?: Text;
  /**
   * How each variable reads in `{{.Vars}}`: two `%s`, for name and value.
   * @default - variables go into the environment unseen; with `executeCommand` as Packer writes them
   */
  readonly envVarFormat?: string;
  /**
   * Exit codes that count as success. 2300218 stands for a lost connection.
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
  /**
   * Leaves the script on the machine.
   * @default false
   */
  readonly skipClean?: boolean;
}

/** Schema of {@link WindowsScriptProps}. */
export const windowsScriptShape = {
  inline: z.array(text()).min(1).optional(),
  script: asset().optional(),
  scripts: z.array(asset()).min(1).optional(),
  ...environmentShape,
  remotePath: text().optional(),
  envVarFormat: z.string().optional(),
  validExitCodes: z.array(z.number().int().min(0)).min(1).optional(),
  startRetryTimeout: duration().optional(),
  pauseAfter: duration().optional(),
  skipClean: z.boolean().optional(),
};
