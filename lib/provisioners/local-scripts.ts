import { z } from 'zod';
import { asset, text, type Rule } from '../extension/props';
import type { Text } from '../plan/late';
import { environmentRule, environmentShape, envVarFormatRule, type EnvironmentProps } from './environment';

/** Operating systems, by the names that Packer takes from Go. */
export const SYSTEMS = ['darwin', 'freebsd', 'linux', 'openbsd', 'solaris', 'windows'] as const;

/** Props of what runs scripts on this machine: the provisioner and the post-processor. Exactly one of `command`, `inline`, `script`, `scripts`. */
export interface LocalScriptProps extends EnvironmentProps {
  /**
   * One command.
   * @default - `inline`, `script` or `scripts` says what to run
   */
  readonly command?: Text;
  /**
   * Commands for one shell, in order; the first that fails ends the step.
   * @default - `command`, `script` or `scripts` says what to run
   */
  readonly inline?: readonly Text[];
  /**
   * The first line of the script that `inline` becomes, without its `#!`.
   * @default '/bin/sh -e'
   */
  readonly inlineShebang?: string;
  /**
   * A script, relative to the program. It is run from a copy, in the project's folder.
   * @default - `command`, `inline` or `scripts` says what to run
   */
  readonly script?: Text;
  /**
   * Scripts, run in this order.
   * @default - `command`, `inline` or `script` says what to run
   */
  readonly scripts?: readonly Text[];
  /**
   * The program that runs a script and its arguments, with `{{.Script}}` and `{{.Vars}}`; a single text is a command line
   * for the shell. `{{.Vars}}` shows in the list of processes; the variables are in the environment anyway.
   * @default - the interpreter that the script's first line names; on Windows `cmd /V /C call {{.Script}}`
   */
  readonly executeCommand?: Text | readonly Text[];
  /**
   * How each variable reads in `{{.Vars}}`: two `%s`, for name and value.
   * @default `%s='%s' `, and `set %s=%s && ` on Windows
   */
  readonly envVarFormat?: string;
  /**
   * Exit statuses that count as success.
   * @default [0]
   */
  readonly validExitCodes?: readonly number[];
  /**
   * Runs only where goldsmith itself runs on one of these systems.
   * @default - on all
   */
  readonly onlyOn?: readonly (typeof SYSTEMS)[number][];
  /**
   * Ending of the file that `inline` is written to, such as `.ps1`.
   * @default - none, and `.cmd` on Windows
   */
  readonly tempfileExtension?: string;
  /**
   * On Windows: gives paths as the Linux subsystem has them (`/mnt/c/…`). Only with `script` and `scripts`.
   * @default false
   */
  readonly useLinuxPathing?: boolean;
}

/** Schema of {@link LocalScriptProps}. */
export const localScriptShape = {
  command: text().optional(),
  inline: z.array(text()).min(1).optional(),
  inlineShebang: z.string().min(1).optional(),
  script: asset().optional(),
  scripts: z.array(asset()).min(1).optional(),
  ...environmentShape,
  executeCommand: z.union([text(), z.array(text()).min(1)]).optional(),
  envVarFormat: z.string().optional(),
  validExitCodes: z.array(z.number().int().min(0)).min(1).optional(),
  onlyOn: z.array(z.enum(SYSTEMS)).optional(),
  tempfileExtension: z.string().optional(),
  useLinuxPathing: z.boolean().optional(),
};

const linuxPathing: Rule = ({ useLinuxPathing, script, scripts }) => {
  if (useLinuxPathing !== true || script !== undefined || scripts !== undefined) return undefined;
  return '`useLinuxPathing` goes with `script` or `scripts` only';
};

/** Rules between {@link LocalScriptProps}, beside the one that exactly one of the four is given. */
export const localScriptRules: readonly Rule[] = [environmentRule, envVarFormatRule, linuxPathing];

/** {@link LocalScriptProps} as the runner gets them. */
export type LocalScriptConfig = z.output<z.ZodObject<typeof localScriptShape>>;
