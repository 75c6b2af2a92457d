import { z } from 'zod';
import type { CheckResult } from '../../extension/check';
import { text } from '../../extension/props';
import type { Text } from '../../plan/late';
import { shellQuote } from '../../util/quote';
import { differs, fits } from '../matcher';
import { resultOf, type Guest } from './guest';

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

/** Checks {@link FileCheck}. */
export const fileSchema = z.strictObject({
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
});

/** What `stat` of GNU coreutils and of busybox both know: type and permissions, owner, group, by name and by number. */
const FACTS = '%f %U %u %G %g';
const TYPE_BITS = 0o170000;
const TYPES: Readonly<Record<string, number>> = { file: 0o100000, directory: 0o040000, symlink: 0o120000 };

/** Looks at a file. */
export async function checkFile(check: z.output<typeof fileSchema>, guest: Guest): Promise<CheckResult> {
  const path = shellQuote(check.path);
  const link = check.type === 'symlink';
  const followed = await guest.run(
    `stat ${link ? '' : '-L '}-c '${FACTS}' ${path}${check.contains === undefined ? '' : ` && cat ${path}`}`,
  );
  const end = followed.stdout.indexOf('\n');
  const name = `the file ${check.path}`;
  if (end < 0 && followed.code === 127)
    return resultOf(name, ['cannot be looked at: no `stat` on the machine'], followed.tail);
  if (end < 0) return resultOf(name, check.exists === false ? [] : ['is not there'], followed.tail);
  if (check.exists === false) return resultOf(name, ['is there, but must not be']);
  const [bits = '', owner, uid, group, gid] = followed.stdout.slice(0, end).split(' ');
  const raw = parseInt(bits, 16);
  const mode = (raw & 0o7777).toString(8).padStart(4, '0');
  const wrong: string[] = [];
  if (check.type !== undefined && (raw & TYPE_BITS) !== TYPES[check.type]) wrong.push(`is no ${check.type}`);
  if (check.mode !== undefined && check.mode.padStart(4, '0') !== mode)
    wrong.push(`has mode ${mode}, expected ${check.mode.padStart(4, '0')}`);
  if (check.owner !== undefined && ![owner, uid].includes(check.owner))
    wrong.push(`belongs to ${owner}, expected ${check.owner}`);
  if (check.group !== undefined && ![group, gid].includes(check.group))
    wrong.push(`has group ${group}, expected ${check.group}`);
  if (!fits(check.contains, followed.stdout.slice(end + 1))) wrong.push(`its content ${differs(check.contains!)}`);
  return resultOf(name, wrong);
}
