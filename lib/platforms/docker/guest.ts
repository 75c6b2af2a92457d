import { GoldsmithError } from '../../errors';
import type { Clock } from '../../extension/context';
import { Tail } from '../../util/tail';
import type { Owner } from '../../util/tar/pack-entry';
import type { Readable } from 'node:stream';
import type { Engine } from './engine';
import { runCommand } from './exec';

/** The container, as the transfers see it. */
export interface Guest {
  readonly engine: Engine;
  readonly container: string;
  readonly clock: Clock;
  readonly hidden: readonly string[];
  /** User that uploaded files belong to: `NAME[:GROUP]` or `UID[:GID]`. */
  readonly owner: string;
}

/** A small program that a transfer runs in the container, as root. */
export interface Helper {
  readonly script: string;
  readonly args: readonly string[];
  readonly stdin?: Readable | Uint8Array;
  readonly user?: string;
  readonly signal: AbortSignal;
  readonly onData?: (data: Buffer) => void;
  /** What it does, for the error. */
  readonly doing: string;
}

/** Runs it; throws with what it said when it fails. */
export async function runHelper(guest: Guest, helper: Helper): Promise<void> {
  const { script, args, stdin, user = '0', signal, onData, doing } = helper;
  const said = new Tail(5);
  const result = await runCommand(
    guest.engine,
    guest.container,
    {
      argv: ['/bin/sh', '-c', script, 'sh', ...args],
      user,
      stdin,
      signal,
      onData: (data, stream) => (stream === 'stdout' && onData ? onData(data) : said.push(data.toString('utf8'))),
    },
    guest.clock,
  );
  if (result.ended === 'disconnect') {
    throw new GoldsmithError('CONNECTION_LOST', `the container stopped while ${doing}`);
  }
  if (result.ended === 'exit' && result.code === 0) return;
  const why = said.toString().trim();
  const code = /no space left/i.test(why) ? 'NO_SPACE' : 'TRANSFER_FAILED';
  throw new GoldsmithError(
    code,
    `${doing} failed: ${why || `its helper ended with ${result.ended === 'exit' ? result.code : result.signal}`}`,
  );
}

const owners = new WeakMap<Engine, Map<string, Promise<Owner>>>();

/** The numbers of the owner: asked of the container, where they are no numbers already. */
export async function ownerOf(guest: Guest, signal: AbortSignal): Promise<Owner> {
  const { owner, container } = guest;
  if (owner === 'root' || owner === '') return { uid: 0, gid: 0 };
  const numbers = /^(\d+):(\d+)$/.exec(owner);
  if (numbers) return { uid: Number(numbers[1]), gid: Number(numbers[2]) };
  const known = owners.get(guest.engine) ?? new Map<string, Promise<Owner>>();
  owners.set(guest.engine, known);
  const key = `${container} ${owner}`;
  const found = known.get(key) ?? askOwner(guest, signal);
  known.set(key, found);
  found.catch(() => known.delete(key));
  return found;
}

async function askOwner(guest: Guest, signal: AbortSignal): Promise<Owner> {
  let answer = '';
  await runHelper(guest, {
    script: 'id -u && id -g',
    args: [],
    user: guest.owner,
    signal,
    onData: (data) => (answer += data.toString()),
    doing: `asking for the ids of the user \`${guest.owner}\``,
  });
  const [uid, gid] = answer.trim().split(/\s+/).map(Number);
  return { uid: uid ?? 0, gid: gid ?? 0 };
}

/** Whether a path is on a mount that the engine's archive API passes by: it would use what lies below the mount. */
export function isHidden(guest: Guest, path: string): boolean {
  return guest.hidden.some((folder) => path === folder || path.startsWith(`${folder}/`));
}
