import * as fs from 'node:fs';
import * as os from 'node:os';
import { findTool } from './tools';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * With which rights machines are run.
 *
 * - `root`: with this machine's own.
 * - `mapped`: as a user, in a user namespace with the range of ids that /etc/subuid gives: nearly all that root can.
 * - `single`: as a user, in a user namespace with one id: everything belongs to root, and nothing can be given to another.
 */
export type Privilege =
  | { readonly mode: 'root' }
  | { readonly mode: 'mapped'; readonly uids: IdRange; readonly gids: IdRange }
  | { readonly mode: 'single' };

/** The own id, which becomes 0 within, and the range that becomes 1 and up. */
export interface IdRange {
  readonly own: number;
  readonly start: number;
  readonly count: number;
}

/** What could be tried on this machine, from most to least. */
export function candidates(env: Env): Privilege[] {
  const own = process.getuid?.();
  if (own === undefined) return [];
  const mapped = mappedFor(own, process.getgid!(), env);
  return [...(own === 0 ? [{ mode: 'root' } as const] : []), ...(mapped ? [mapped] : []), { mode: 'single' }];
}

/**
 * The ids for another process to map: the kernel lets only newuidmap do that for a user, and only from outside. So a
 * part that stays outside waits for the shell to have entered its namespace, and maps; the shell waits for the map,
 * and only then becomes the command: as root within, whose rights a new program gets.
 */
const MAP = `
here=$(readlink /proc/self/ns/user) me=$$
(
  tries=0
  until [ "$(readlink /proc/$me/ns/user)" != "$here" ]; do
    tries=$((tries + 1))
    [ $tries -lt 5000 ] || exit 1
  done
  newuidmap $me 0 $1 1 1 $2 $3 && newgidmap $me 0 $4 1 1 $5 $6
) </dev/null >/dev/null 3>&- &
shift 6
exec unshare --user sh -c '
  tries=0
  until { read -r map < /proc/self/gid_map; } 2>/dev/null; do
    tries=$((tries + 1))
    if [ $tries -gt 500000 ]; then
      echo "newuidmap and newgidmap did not map the ids of /etc/subuid and /etc/subgid" >&2
      exit 1
    fi
  done
  exec "$@"
' sh "$@"
`;

/** The command that runs `command` as root of a machine's ids: with its files it may do everything. */
export function privileged(privilege: Privilege, command: readonly string[]): string[] {
  switch (privilege.mode) {
    case 'root':
      return [...command];
    case 'single':
      return ['unshare', '--user', '--map-root-user', ...command];
    case 'mapped': {
      const { uids, gids } = privilege;
      return [
        'sh',
        '-c',
        MAP,
        'sh',
        ...[uids, gids].flatMap((range) => [range.own, range.start, range.count].map(String)),
        ...command,
      ];
    }
  }
}

/** The prefix of extended attributes in which overlayfs keeps its notes: a user namespace may not write `trusted.`. */
export function overlayXattr(privilege: Privilege): 'trusted' | 'user' {
  return privilege.mode === 'root' ? 'trusted' : 'user';
}

function mappedFor(uid: number, gid: number, env: Env): Privilege | undefined {
  if (!findTool('newuidmap', env) || !findTool('newgidmap', env)) return undefined;
  const names = [String(uid), userName()];
  const uids = rangeOf('/etc/subuid', names);
  const gids = rangeOf('/etc/subgid', names);
  return uids && gids && { mode: 'mapped', uids: { own: uid, ...uids }, gids: { own: gid, ...gids } };
}

function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    return '';
  }
}

/** Lines of the form `name:start:count`: subuid(5). */
function rangeOf(file: string, names: readonly string[]): Omit<IdRange, 'own'> | undefined {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  for (const line of text.split('\n')) {
    const [name, start, count] = line.split(':');
    if (name !== undefined && names.includes(name) && Number(count) > 0)
      return { start: Number(start), count: Number(count) };
  }
  return undefined;
}
