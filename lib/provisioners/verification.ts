import type { Construct } from 'constructs';
import { z } from 'zod';
import { VerificationBase, type VerificationBaseProps } from '../core/verification-base';
import { props, text, type Rule } from '../extension/props';
import type { ProvisionerExtension } from '../extension/provisioner';
import type { Text } from '../plan/late';
import { environmentRule, environmentShape, type EnvironmentProps } from './environment';
import { matcherOf } from './matcher';
import { runVerification } from './verification-run';

/** A command that must work on the finished image. */
export interface CommandCheck {
  /** A command line for the machine's shell. */
  readonly command: Text;
  /**
   * The exit status that it must end with.
   * @default 0
   */
  readonly exitCode?: number;
  /**
   * What its standard output must hold: a text, or a regular expression between slashes, such as `/^nginx version/m`.
   * @default - anything
   */
  readonly stdout?: Text;
  /**
   * The same for its standard error.
   * @default - anything
   */
  readonly stderr?: Text;
  /**
   * What messages call the check.
   * @default - the command
   */
  readonly name?: string;
}

/** A file that must be (or not be) on the finished image. */
export interface FileCheck {
  /** Its path on the machine. */
  readonly path: Text;
  /**
   * Whether it must be there.
   * @default true
   */
  readonly exists?: boolean;
  /**
   * What it must be. A symbolic link counts as what it points at, unless `symlink` is asked for.
   * @default - anything
   */
  readonly type?: 'file' | 'directory' | 'symlink';
  /**
   * Its permissions in octal, such as `0644`.
   * @default - any
   */
  readonly mode?: string;
  /**
   * Name or number of its owner.
   * @default - any
   */
  readonly owner?: string;
  /**
   * Name or number of its group.
   * @default - any
   */
  readonly group?: string;
  /**
   * What it must hold: a text, or a regular expression between slashes.
   * @default - anything
   */
  readonly contains?: Text;
}

/** Props of {@link Verification}. At least one check. */
export interface VerificationProps extends VerificationBaseProps, EnvironmentProps {
  /**
   * Commands that must work; a plain string must end with exit status 0.
   * @default - none
   */
  readonly commands?: readonly (Text | CommandCheck)[];
  /**
   * Files to look at.
   * @default - none
   */
  readonly files?: readonly FileCheck[];
}

type OwnVerificationProps = Omit<VerificationProps, keyof VerificationBaseProps>;

const expression: Rule = ({ commands, files }) => {
  const checks = [
    ...((commands as readonly unknown[] | undefined) ?? []),
    ...((files as readonly unknown[] | undefined) ?? []),
  ];
  for (const check of checks) {
    if (typeof check !== 'object' || check === null) continue;
    for (const key of ['stdout', 'stderr', 'contains'] as const) {
      const value = (check as Readonly<Record<string, unknown>>)[key];
      if (typeof value === 'string' && matcherOf(value) === undefined) {
        return `\`${key}\` is ${JSON.stringify(value)}, which is no valid regular expression`;
      }
    }
  }
  return undefined;
};

const someCheck: Rule = ({ commands, files }) => {
  const count = [commands, files].reduce<number>((sum, list) => sum + (Array.isArray(list) ? list.length : 0), 0);
  return count > 0 ? undefined : 'a verification needs a check: give `commands` or `files`';
};

const schema = props<OwnVerificationProps>()(
  {
    commands: z
      .array(
        z.union([
          text(),
          z.strictObject({
            command: text(),
            exitCode: z.number().int().min(0).max(255).optional(),
            stdout: text().optional(),
            stderr: text().optional(),
            name: z.string().optional(),
          }),
        ]),
      )
      .optional(),
    files: z
      .array(
        z.strictObject({
          path: text(),
          exists: z.boolean().optional(),
          type: z.enum(['file', 'directory', 'symlink']).optional(),
          mode: z
            .string()
            .regex(/^[0-7]{3,4}$/, 'permissions in octal, such as `0644`')
            .optional(),
          owner: z.string().optional(),
          group: z.string().optional(),
          contains: text().optional(),
        }),
      )
      .optional(),
    ...environmentShape,
  },
  someCheck,
  expression,
  environmentRule,
);

/**
 * Checks on a fresh boot of the finished image. What fails is not handed to post-processors and dependants.
 *
 * @example
 * new Verification(web, 'Serves', {
 *   commands: ['nginx -t', { command: 'nginx -v', stderr: 'nginx/1.' }],
 *   files: [{ path: '/var/www/html/index.html', mode: '0644' }],
 * });
 */
export class Verification extends VerificationBase<VerificationProps> {
  constructor(scope: Construct, id: string, props: VerificationProps) {
    super(scope, id, props, verification);
  }
}

/** Props of a verification as its runner gets them. */
export type VerificationConfig = z.output<typeof schema>;

/** Runs {@link Verification}. */
export const verification: ProvisionerExtension<OwnVerificationProps, VerificationConfig> = {
  kind: 'provisioner',
  use: 'verification',
  module: 'goldsmith',
  schema,
  passive: true,
  run: runVerification,
};
