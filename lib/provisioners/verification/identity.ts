import type { CheckResult } from '../../extension/check';
import type { Communicator } from '../../extension/communicator';
import { Guest, resultOf } from './guest';

/** Prints what tells a machine from all others: its SSH host keys, and its id (machine-id(5)). Private keys only as a hash. */
const SCRIPT = `for file in /etc/ssh/ssh_host_*_key; do
  [ -f "$file" ] || continue
  if [ -f "$file.pub" ]; then { read -r type key rest < "$file.pub"; echo "$file $key"; }; else echo "$file $(sha256sum < "$file")"; fi
done
for file in /etc/dropbear/dropbear_*_host_key; do
  [ -f "$file" ] && echo "$file $(sha256sum < "$file")"
done
for file in /etc/machine-id /var/lib/dbus/machine-id; do
  if [ -s "$file" ]; then read -r id < "$file"; echo "machine-id $id"; break; fi
done
:`;

/** Compares this machine with another that was started from the same artifact: nothing that tells machines apart may be in the image. */
export async function checkIdentity(guest: Guest): Promise<readonly CheckResult[]> {
  const { ctx } = guest;
  if (!ctx.freshMachine)
    return [resultOf('a second boot of the image', ['is not possible here: this is no verification of an artifact'])];
  const here = await identityOf(guest);
  const there = await ctx.freshMachine((machine: Communicator) => identityOf(new Guest(machine, ctx, {})));
  if (here === undefined || there === undefined)
    return [
      resultOf('what tells two machines apart', [
        'cannot be looked at: the login user can neither be root nor become it by sudo',
      ]),
    ];
  const keys = [...new Set([...here.keys(), ...there.keys()])].filter((what) => what !== 'machine-id');
  const same = keys.filter((file) => here.has(file) && here.get(file) === there.get(file));
  return [
    resultOf(
      `SSH host keys of two boots (${keys.length === 0 ? 'there are none' : `${keys.length} compared`})`,
      same.map((file) => `${file} is the same on both: it is part of the image`),
    ),
    machineId(here.get('machine-id'), there.get('machine-id')),
  ];
}

function machineId(here: string | undefined, there: string | undefined): CheckResult {
  const none = here === undefined && there === undefined;
  const title = `machine id of two boots${none ? ' (there is none)' : ''}`;
  const same = here !== undefined && here === there;
  return resultOf(title, same ? ['is the same on both: empty /etc/machine-id at the end of the build'] : []);
}

/** An id that is empty or `uninitialized` is set at the first boot: there is none yet. */
async function identityOf(guest: Guest): Promise<ReadonlyMap<string, string> | undefined> {
  const { isRoot, stdout } = await guest.runAsRoot(SCRIPT);
  if (!isRoot) return undefined;
  const lines = stdout.split('\n').slice(1);
  const pairs = lines.map(
    (line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1).trim()] as const,
  );
  return new Map(pairs.filter(([what, id]) => what !== '' && id !== '' && id !== 'uninitialized'));
}
