/** A socket that takes connections or packets. */
export interface ListeningSocket {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

/** What {@link SOCKETS_SCRIPT} printed. */
export interface Sockets {
  /** Undefined where the kernel has no such tables. */
  readonly listening: readonly ListeningSocket[] | undefined;
  /** Inodes of the sockets that processes of the machine hold; undefined where nobody could tell. */
  readonly held: ReadonlySet<string> | undefined;
}

/**
 * Prints the kernel's tables of sockets, which every Linux has without any program, and which sockets the machine's processes hold.
 * A machine whose second process is the kernel's `kthreadd` is whole: there the kernel itself may listen too (NFS, WireGuard). What
 * processes hold counts only where all could be looked into: in a container, root may not look into those of other users. One of
 * root's that is closed to root has more rights than a step gets: it is a sandbox's own, and listens at nothing.
 */
export const SOCKETS_SCRIPT = `for table in tcp tcp6 udp udp6; do
  [ -r "/proc/net/$table" ] && { echo "table $table"; cat "/proc/net/$table"; }
done
{ read -r second < /proc/2/comm; } 2>/dev/null
if [ "$second" != kthreadd ] && [ "$(id -u 2>/dev/null)" = 0 ] && command -v ls >/dev/null; then
  held= closed=
  for dir in /proc/[0-9]*; do
    if links=$(ls -l "$dir/fd" 2>/dev/null); then
      held="$held $links"
    elif [ -r "$dir/status" ]; then
      while read -r key uid rest; do [ "$key" != Uid: ] || [ "$uid" = 0 ] || closed=yes; done < "$dir/status"
    fi
  done 2>/dev/null
  [ -n "$closed" ] || { echo "table held"; echo "$held"; }
fi
:`;

/** State of a TCP socket that listens, and of a UDP socket without a peer (include/net/tcp_states.h of Linux). */
const LISTENS = { tcp: '0A', udp: '07' } as const;

/** Reads what {@link SOCKETS_SCRIPT} printed. */
export function readSockets(printed: string): Sockets {
  const listening: ListeningSocket[] = [];
  const held = new Set<string>();
  let table = '';
  let tables = 0;
  for (const line of printed.split('\n')) {
    const head = /^table (\w+)$/.exec(line)?.[1];
    if (head !== undefined) {
      table = head;
      tables += head === 'held' ? 0 : 1;
    } else if (table === 'held') {
      const inode = /socket:\[(\d+)\]/.exec(line)?.[1];
      if (inode !== undefined) held.add(inode);
    } else if (table !== '') {
      const socket = readLine(line, table.startsWith('tcp') ? 'tcp' : 'udp');
      if (socket) listening.push(socket);
    }
  }
  return { listening: tables > 0 ? listening : undefined, held: table === 'held' ? held : undefined };
}

/** `  0: 0100007F:1F90 00000000:0000 0A … inode …` (proc(5), /proc/net/tcp). */
function readLine(line: string, protocol: 'tcp' | 'udp'): ListeningSocket | undefined {
  const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
  const [address = '', port = ''] = local.split(':');
  if (state !== LISTENS[protocol] || !/^([0-9A-F]{8}|[0-9A-F]{32})$/.test(address)) return undefined;
  return { protocol, address: readAddress(address), port: parseInt(port, 16), inode };
}

/** Words of four bytes, each as the machine holds it: little-endian on all that images are built for here. */
function readAddress(hex: string): string {
  const bytes = Buffer.concat((hex.match(/.{8}/g) ?? []).map((word) => Buffer.from(word, 'hex').reverse()));
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16));
  return plainAddress(groups.join(':'));
}

/** An address in one form: IPv6 shortened (RFC 5952), and an IPv4 address within IPv6 as IPv4. */
export function plainAddress(address: string): string {
  if (!address.includes(':')) return address;
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short) ?? [];
  if (high === undefined || low === undefined) return short;
  const value = Buffer.alloc(4);
  value.writeUInt16BE(parseInt(high, 16), 0);
  value.writeUInt16BE(parseInt(low, 16), 2);
  return value.join('.');
}
