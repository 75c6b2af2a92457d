import type { Communicator } from '../../../extension/communicator';
import type { ResourceContext } from '../../../extension/context';
import { shellQuote } from '../../../util/quote';
import type { MachineKeys } from '../machine/keys';

/** Seconds that cloud-init may take until it is done. */
const FIRST_BOOT = 600;

/**
 * Takes away what no two machines may share: the temporary key, the host key that was injected, the machine id (machine-id(5)), the
 * seed of the random numbers, and what cloud-init remembers. The next boot is a first boot.
 */
export async function generalize(communicator: Communicator, keys: MachineKeys, ctx: ResourceContext): Promise<void> {
  const script = [forgetUserKey(keys), forgetHostKey(keys), FORGET_MACHINE].join('\n');
  const result = await asRoot(communicator, script, keys, ctx);
  if (!result) ctx.warn('the guest could not be generalized: the login user can neither be root nor become it by sudo');
}

/** Lets the guest give back what it does not use. */
export async function trim(communicator: Communicator, keys: MachineKeys, ctx: ResourceContext): Promise<void> {
  await asRoot(communicator, 'command -v fstrim >/dev/null && fstrim -a >/dev/null 2>&1; sync; true', keys, ctx);
}

/**
 * Waits until cloud-init has done its last stage: steps may begin before, but what is captured must be done. Told by the file that it
 * writes then, since asking `cloud-init status` takes seconds in software.
 */
export async function awaitFirstBoot(communicator: Communicator, ctx: ResourceContext): Promise<void> {
  const script = `[ -d /run/cloud-init ] && [ ! -e /run/cloud-init/disabled ] || exit 0
left=${FIRST_BOOT}
while [ ! -e /run/cloud-init/result.json ] && [ "$left" -gt 0 ]; do sleep 1; left=$((left - 1)); done
[ "$left" -gt 0 ]`;
  const result = await communicator.exec('/bin/sh -s', { signal: ctx.signal, stdin: `${script}\n` });
  if (result.ended === 'exit' && result.code !== 0)
    ctx.warn(
      `cloud-init in the guest is still at work after ${FIRST_BOOT / 60} minutes; the image is made all the same`,
    );
}

/** Removes the temporary key alone. */
export async function clearKey(communicator: Communicator, keys: MachineKeys, ctx: ResourceContext): Promise<void> {
  await asRoot(communicator, forgetUserKey(keys), keys, ctx);
}

async function asRoot(
  communicator: Communicator,
  script: string,
  keys: MachineKeys,
  ctx: ResourceContext,
): Promise<boolean> {
  const command = keys.username === 'root' ? '/bin/sh -s' : 'sudo -n /bin/sh -s';
  const result = await communicator.exec(command, {
    signal: ctx.signal,
    stdin: `${script}\n`,
    onOutput: (text, stream) => ctx.output(text, stream),
  });
  return result.ended === 'exit' && result.code === 0;
}

function forgetUserKey({ username, user }: MachineKeys): string {
  if (!user) return ':';
  const key = shellQuote(user.publicKey.split(' ')[1]!);
  return `home=$(getent passwd ${shellQuote(username)} | cut -d: -f6)
for file in "\${home:-/root}/.ssh/authorized_keys" /root/.ssh/authorized_keys; do
  [ -f "$file" ] || continue
  grep -vF ${key} "$file" > "$file.goldsmith" || :
  cat "$file.goldsmith" > "$file"
  rm -f "$file.goldsmith"
  [ -s "$file" ] || rm -f "$file"
done`;
}

function forgetHostKey({ host }: MachineKeys): string {
  if (!host) return ':';
  const key = shellQuote(host.publicKey.split(' ')[1]!);
  return `for file in /etc/ssh/ssh_host_*_key.pub; do
  if grep -qF ${key} "$file" 2>/dev/null; then rm -f "$file" "\${file%.pub}"; fi
done`;
}

const FORGET_MACHINE = `if [ -e /etc/machine-id ]; then
  : > /etc/machine-id
  [ -L /var/lib/dbus/machine-id ] || rm -f /var/lib/dbus/machine-id
fi
rm -f /var/lib/systemd/random-seed
rm -rf /var/lib/cloud/instance /var/lib/cloud/instances /var/lib/cloud/data /var/lib/cloud/sem
rm -f /var/log/cloud-init.log /var/log/cloud-init-output.log
:`;
