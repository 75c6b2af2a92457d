import { GoldsmithError } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import type { SandboxMachine } from './machine';

/** A user of a machine. */
export interface User {
  readonly uid: number;
  readonly gid: number;
  /** Further groups. */
  readonly groups: readonly number[];
  readonly home: string;
}

/** A user by name or number, as the machine's own files know it; `name:group` too, as Docker has it. */
export async function userOf(machine: SandboxMachine, wanted: string, ctx: RunContext): Promise<User> {
  const [name = '', groupName] = wanted.split(':');
  const [passwd, group] = await Promise.all([
    readLines(machine, '/etc/passwd', ctx),
    readLines(machine, '/etc/group', ctx),
  ]);
  const entry = passwd.find(([login]) => login === name) ?? passwd.find(([, , uid]) => uid === name);
  if (!entry && !/^\d+$/.test(name)) {
    throw new GoldsmithError(
      'STEP_FAILED',
      `the machine has no user \`${name}\`; it has ${passwd.map(([login]) => login).join(', ')}`,
    );
  }
  const uid = Number(entry?.[2] ?? name);
  const chosen = groupName === undefined ? undefined : (group.find(([title]) => title === groupName)?.[2] ?? groupName);
  const groups = group
    .filter(([, , , members]) => entry && members?.split(',').includes(entry[0]!))
    .map(([, , gid]) => Number(gid));
  return { uid, gid: Number(chosen ?? entry?.[3] ?? 0), groups, home: entry?.[5] ?? '/' };
}

/** Lines of fields with colons between, as passwd(5) and group(5) have them. */
async function readLines(machine: SandboxMachine, file: string, ctx: RunContext): Promise<string[][]> {
  const text = await machine.tool('cat', [file], ctx).catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':'));
}
