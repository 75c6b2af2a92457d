import { shellQuote } from '../../../util/quote';
import { toolCommand, toolFunction, TOOLBOX, type Toolbox } from './toolbox';

/** What the script of a machine's first process is made from. */
export interface InitScript {
  /** The machine's folder. */
  readonly dir: string;
  /** Options of the overlay, with paths relative to the folder. */
  readonly overlay: string;
  /** Whether the lowest layer is this machine's own root. */
  readonly host: boolean;
  /** A folder of this machine that is not to be seen where its root is: the one that the machines are in. */
  readonly hidden: string | undefined;
  readonly network: 'shared' | 'none';
  readonly hostname: string;
  readonly toolbox: Toolbox;
  /** Arguments of setpriv that take rights away. */
  readonly limits: readonly string[];
}

/**
 * What the first process of a machine does, in namespaces of its own: puts the root together, moves into it, lets go of this machine's,
 * and then waits for the end of its input. Whoever started it holds the other end: when that one dies, of whatever, the first process
 * ends, with it all processes of the machine, and with these all its mounts.
 *
 * It is this machine's shell. Once it has moved, only the toolbox is used. `wait` also takes leave of orphans, which is the duty of a
 * first process. What it tells goes to descriptor 3: its pid as this machine sees it, and the files it had to make.
 */
export function initScript(script: InitScript): string {
  return `set -eu
mode=$1
if [ "$mode" = hold ]; then exec 3>&1; else exec 3>/dev/null; fi
cd ${shellQuote(script.dir)}
read -r pid rest < /proc/self/stat
echo "pid $pid" >&3
rm -rf work/work
${script.host ? HOST_ROOT : ''}mount -t overlay overlay -o ${shellQuote(script.overlay)} merged
cd merged
for place in proc sys dev etc; do
  if [ -L $place ]; then echo "/$place is a symbolic link in this base, and a folder is needed" >&2; exit 1; fi
  [ -d $place ] || mkdir $place
done
mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs dev
cp -a ../dev/. dev/
mount --all --fstab ../fstab
${
  script.hidden === undefined
    ? ''
    : `if [ -d ${shellQuote('.' + script.hidden)} ]; then mount -t tmpfs -o ro tmpfs ${shellQuote('.' + script.hidden)}; fi
`
}hostname ${shellQuote(script.hostname)} 2>/dev/null || { echo ${shellQuote(script.hostname)} > /proc/sys/kernel/hostname; } 2>/dev/null || :
${script.network === 'none' ? 'ip link set lo up 2>/dev/null || :\n' : ''}pivot_root . .
${toolFunction(script.toolbox)}t umount -n -l .
cd /
${BIND}
bind $T-files/resolv.conf /etc/resolv.conf
bind $T-files/hosts /etc/hosts
echo ready >&3
if [ "$mode" = hold ]; then
  exec 4<&0 3>&- >/dev/null 2>&1
  t cat <&4 &
  wait
else
  exec ${[...toolCommand(script.toolbox, 'setpriv'), ...script.limits].map(shellQuote).join(' ')} /bin/sh
fi
`;
}

/** Takes away what {@link initScript} made in the root only to mount upon it. Runs in the machine, with all rights. */
export function settleScript(toolbox: Toolbox, made: readonly string[]): string {
  const lines = [...made].reverse().map((file) => `undo ${shellQuote(file)}`);
  return `${toolFunction(toolbox)}undo() {
  if [ -d "$1" ]; then t rm -d "$1" 2>/dev/null || :; return; fi
  t umount -n "$1" || :
  if [ -f "$1" ] && [ ! -L "$1" ] && [ ! -s "$1" ]; then t rm -f "$1"; fi
}
${lines.join('\n')}
`;
}

/**
 * The root of this machine as a layer. Overlayfs refuses layers that lie within one another, and the folders of the machine lie within
 * the root; as a layer of a file system of its own it is no parent of anything.
 */
const HOST_ROOT = `mount -t tmpfs -o size=1m,mode=0755 tmpfs host
mkdir host/empty host/root
mount -t overlay overlay -o lowerdir=/:host/empty,redirect_dir=off,metacopy=off host/root
`;

/** Mounts a file over another one, which is made where it is missing. Links lead where they lead inside the machine. */
const BIND = `mk() {
  if [ -z "$1" ] || [ -d "$1" ]; then return; fi
  mk "\${1%/*}"
  t mkdir "$1"
  echo "made $1" >&3
}
bind() {
  target=$(t readlink -m "$2")
  if [ ! -e "$target" ]; then
    mk "\${target%/*}"
    : > "$target"
    echo "made $target" >&3
  fi
  t mount -n --bind "$1" "$target"
}`;

/** Names of what init finds in /dev, beside the toolbox itself. */
export const FILES_DIR = `${TOOLBOX}-files`;
