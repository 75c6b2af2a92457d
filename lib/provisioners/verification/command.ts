import { z } from 'zod';
import type { CheckResult } from '../../extension/check';
import { text } from '../../extension/props';
import type { Text } from '../../plan/late';
import { differs, fits } from '../matcher';
import { resultOf, type Guest } from './guest';

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

/** Checks {@link CommandCheck}. */
export const commandSchema = z.strictObject({
  command: text(),
  exitCode: z.number().int().min(0).max(255).optional(),
  stdout: text().optional(),
  stderr: text().optional(),
  name: z.string().optional(),
});

/** Runs a command, and compares how it ends. */
export async function checkCommand(given: string | z.output<typeof commandSchema>, guest: Guest): Promise<CheckResult> {
  const check: z.output<typeof commandSchema> = typeof given === 'string' ? { command: given } : given;
  const { code, stdout, stderr, tail } = await guest.run(check.command);
  const expected = check.exitCode ?? 0;
  const wrong: string[] = [];
  if (code !== expected)
    wrong.push(code === undefined ? 'was ended from outside' : `exit status ${code}, expected ${expected}`);
  if (!fits(check.stdout, stdout)) wrong.push(`standard output ${differs(check.stdout!)}`);
  if (!fits(check.stderr, stderr)) wrong.push(`standard error ${differs(check.stderr!)}`);
  return resultOf(check.name ?? `\`${check.command.trim()}\``, wrong, tail);
}
