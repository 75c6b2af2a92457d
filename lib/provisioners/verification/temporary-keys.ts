import type { CheckResult } from '../../extension/check';
import { resultOf, type Guest } from './guest';

/** Comments of the keys that builds make for themselves: goldsmith's, and those of Packer, whose images are bases here too. */
const TEMPORARY = /^(goldsmith|packer_[0-9a-f-]+)$/;

/** Prints each file of keys that lets somebody in, for all users that the machine knows. */
const SCRIPT = `show() { if [ -f "$1" ]; then echo "file $1"; cat "$1"; echo; fi; }
{ getent passwd 2>/dev/null || cat /etc/passwd; } | while IFS=: read -r _ _ _ _ _ home _; do
  show "$home/.ssh/authorized_keys"
  show "$home/.ssh/authorized_keys2"
done
show /root/.ssh/authorized_keys
show /etc/ssh/authorized_keys
show /etc/dropbear/authorized_keys
for file in /etc/ssh/authorized_keys/* /etc/ssh/authorized_keys.d/*; do show "$file"; done
:`;

/**
 * Looks for temporary keys among those that let somebody in. The one with which goldsmith entered this very machine is none of the
 * image's.
 */
export async function checkTemporaryKeys(guest: Guest): Promise<CheckResult> {
  const name = 'no temporary key is left';
  const { isRoot, stdout, tail, code } = await guest.runAsRoot(SCRIPT);
  if (!isRoot)
    return resultOf(name, [
      'cannot be looked at: the login user can neither be root nor become it by sudo, and so not read the keys of others',
    ]);
  if (code !== 0) return resultOf(name, ['cannot be looked at'], tail);
  const own = keyOf(guest.machine.facts['SSHPublicKey'] ?? '');
  const wrong = new Set<string>();
  let file = '';
  for (const line of stdout.split('\n')) {
    const head = /^file (.+)$/.exec(line)?.[1];
    if (head !== undefined) file = head;
    else if (isTemporary(line) && keyOf(line) !== own) wrong.add(`${file} holds one (${commentOf(line)})`);
  }
  return resultOf(name, [...wrong]);
}

/** The key itself in a line of authorized_keys (sshd(8)): what follows its type, whatever options come before. */
const KEY = /(?:^|\s)(?:ssh-|ecdsa-|sk-)\S+\s+([A-Za-z0-9+/=]+)(?:\s+(.*))?$/;

function keyOf(line: string): string | undefined {
  return KEY.exec(line.trim())?.[1];
}

function commentOf(line: string): string {
  return KEY.exec(line.trim())?.[2]?.trim() ?? '';
}

function isTemporary(line: string): boolean {
  return TEMPORARY.test(commentOf(line));
}
