import { GoldsmithError } from '../../errors';
import { shellQuote } from '../../util/quote';
import { Tail } from '../../util/tail';
import type { Computer, RunAs } from './computer';

/** What a command printed, and how it ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: Buffer;
  readonly complaint: string;
}

/** Runs a command to its end. */
export async function runIn(
  computer: Computer,
  command: string,
  as: RunAs = {},
  stdin?: string | Uint8Array,
): Promise<Ran> {
  const child = await computer.run(command, as);
  const complaint = new Tail();
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  child.stderr.setEncoding('utf8').on('data', (text: string) => complaint.push(text));
  child.stdin.on('error', () => undefined).end(stdin);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 255));
  });
  return { code, stdout: Buffer.concat(parts), complaint: complaint.toString().trim() };
}

/** Who may log in, by cloud-init's convention: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/managing-users.html */
export const LOGIN_USERS = ['ec2-user', 'ubuntu', 'admin', 'debian'] as const;

/**
 * What cloud-init does when an instance starts for the first time: the login user, its authorized keys, and that it may use sudo. A
 * base without sudo gets a word of that name; the login user is then root under another name, since nothing there lets one become it.
 *
 * @returns whether the base has a sudo of its own
 */
export async function setUp(computer: Computer, users: readonly string[], keys: readonly string[]): Promise<boolean> {
  const script = [SETUP, ...users.map((user) => `add ${shellQuote(user)}`), 'command -v sudo'].join('\n');
  const { code, stdout, complaint } = await runIn(computer, script, {}, keys.map((key) => `${key.trim()}\n`).join(''));
  if (code !== 0) {
    throw new GoldsmithError('LAUNCH_FAILED', `the login user could not be made: ${complaint}`, {
      hint: 'a base needs a POSIX shell, /etc/passwd, and mkdir, chown, chmod, cat and grep',
    });
  }
  return stdout.toString().trim() !== SHIM;
}

const SHIM = '/usr/local/bin/sudo';

const SETUP = `set -e
umask 022
keys=$(cat)
own() {
  mkdir -p "$1/.ssh"
  chmod 700 "$1/.ssh"
  printf '%s\\n' "$keys" > "$1/.ssh/authorized_keys"
  chmod 600 "$1/.ssh/authorized_keys"
}
own /root
if ! command -v sudo >/dev/null; then
  mkdir -p /usr/local/bin
  cat > ${SHIM} <<'END'
#!/bin/sh
# Whoever runs this is root already: only the options are taken off.
while [ $# -gt 0 ]; do
  case $1 in
    -u|-g|-p|-C|-h|-r|-t|-T) shift; [ $# -gt 0 ] && shift;;
    -i|-s) shift; [ $# -gt 0 ] || set -- /bin/sh;;
    --) shift; break;;
    -*) shift;;
    *=*) export "$1"; shift;;
    *) break;;
  esac
done
[ $# -gt 0 ] || exit 0
exec "$@"
END
  chmod 755 ${SHIM}
fi
next=1000
add() {
  if ! grep -q "^$1:" /etc/passwd; then
    while grep -q ":x:$next:" /etc/passwd; do next=$((next + 1)); done
    echo "$1:x:$next:$next::/home/$1:/bin/sh" >> /etc/passwd
    echo "$1:x:$next:" >> /etc/group
    mkdir -p "/home/$1"
    chown "$next:$next" "/home/$1"
  fi
  if [ "$(command -v sudo)" != ${SHIM} ] && [ -d /etc/sudoers.d ]; then
    echo "$1 ALL=(ALL) NOPASSWD:ALL" > "/etc/sudoers.d/90-cloud-init-$1"
    chmod 440 "/etc/sudoers.d/90-cloud-init-$1"
  fi
  own "/home/$1"
  chown -R "$1:$1" "/home/$1/.ssh" 2>/dev/null || :
}`;
