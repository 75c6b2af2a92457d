import { createHash, randomBytes } from 'node:crypto';
import * as fsp from 'node:fs/promises';
import { GoldsmithError } from '../../errors';
import type { TransferOptions } from '../../extension/communicator';
import { withinTime } from '../../util/within-time';
import { checksumOf } from './checksum';
import { runHelper } from './helper';
import type { Runner } from './run';

/** Bytes that are read at once. */
const CHUNK = 512 * 1024;
/**
 * Pieces of a large file in memory. ssh2 holds less than 2 MiB that the machine has no room for yet, which may be parts of five; one
 * more is on its way there, and one is being read.
 */
const RING = 8;
/** A file up to this size is read into memory and sent in one go with its checksum. */
const SMALL = 1024 * 1024;

/** What is sent. */
export interface Local {
  readonly name: string;
  readonly size: number;
  readonly mode: number;
  /** Seconds since the epoch; undefined for bytes. */
  readonly mtime: number | undefined;
  readonly bytes: Uint8Array | undefined;
  readonly file: string | undefined;
}

/** Looks at a local file, or bytes. */
export async function localOf(local: string | Uint8Array, mode: number | undefined): Promise<Local> {
  if (typeof local !== 'string')
    return { name: 'a text', size: local.length, mode: mode ?? 0o644, mtime: undefined, bytes: local, file: undefined };
  const stat = await fsp.stat(local).catch((error: unknown) => {
    throw new GoldsmithError('TRANSFER_FAILED', `${local} cannot be read`, { cause: error });
  });
  if (!stat.isFile()) throw new GoldsmithError('TRANSFER_FAILED', `${local} is no file`);
  const bytes = stat.size <= SMALL ? await fsp.readFile(local) : undefined;
  return {
    name: local,
    size: bytes?.length ?? stat.size,
    mode: mode ?? stat.mode & 0o7777,
    mtime: Math.floor(stat.mtimeMs / 1000),
    bytes,
    file: local,
  };
}

/** A name beside a file for what is not whole yet. */
export function partName(remote: string): string {
  return `${remote}.goldsmith-${randomBytes(6).toString('hex')}`;
}

/** Prints a checksum, where the machine has a program for it. OpenSSL's is several times as fast as that of coreutils. */
const SUM = `sum() {
  if command -v openssl >/dev/null 2>&1 && openssl dgst -sha256 -r 2>/dev/null; then :
  elif command -v sha256sum >/dev/null 2>&1; then sha256sum <"$1"
  elif command -v shasum >/dev/null 2>&1; then shasum -a 256 <"$1"
  else echo none
  fi
} <"$1"`;

/** $1 path, $2 its temporary name, $3 mode, $4 mtime or '', $5 size, $6 checksum, or '' where it is told later. */
const PLACE = `
place() {
  if [ -n "$4" ]; then touch -m -d "@$4" "$2" 2>/dev/null || touch -m -t "$(date -u -d "@$4" +%Y%m%d%H%M.%S 2>/dev/null)" "$2" 2>/dev/null || :; fi
  chmod "$3" "$2" && mv -f "$2" "$1"
}`;
const RECEIVE = `
${SUM}
${PLACE}
if [ -d "$1" ]; then echo "$1 is a directory" >&2; exit 1; fi
umask 077
trap 'rm -f "$2"; exit 1' HUP INT TERM PIPE
if cat >"$2"; then
  size=$(wc -c <"$2")
  if [ "$size" -ne "$5" ]; then echo "only $size of $5 bytes arrived" >&2
  else
    got=$(sum "$2"); got=\${got%% *}
    if [ -z "$6" ]; then echo "$got"; exit 0
    elif [ "$got" != none ] && [ "$got" != "$6" ]; then echo "what arrived has another checksum: $got" >&2
    elif place "$@"; then exit 0
    fi
  fi
fi
rm -f "$2"
exit 1
`;

/** Copies a file, or bytes, to exactly `remote`, by a stream through the machine's shell: it needs nothing but cat. */
export async function uploadByShell(
  runner: Runner,
  local: Local,
  remote: string,
  part: string,
  options: TransferOptions,
): Promise<void> {
  const { signal, onProgress } = options;
  const doing = `copying ${local.name} to ${remote} on the machine`;
  const report = (current: number): void => onProgress?.({ label: remote, current, total: local.size, unit: 'bytes' });
  const args = [
    remote,
    part,
    local.mode.toString(8),
    local.mtime === undefined ? '' : String(local.mtime),
    String(local.size),
  ];
  if (local.bytes) {
    const sum = createHash('sha256').update(local.bytes).digest('hex');
    await runHelper(runner, { script: RECEIVE, args: [...args, sum], stdin: local.bytes, signal, doing });
    report(local.size);
    return;
  }
  const checksum = checksumOf(local.file!, local.size);
  try {
    const stdin = pieces(local.file!, report);
    const got = (await runHelper(runner, { script: RECEIVE, args: [...args, ''], stdin, signal, doing })).trim();
    const sum = await checksum.sum;
    if (got !== 'none' && got !== sum)
      throw new GoldsmithError(
        'TRANSFER_FAILED',
        `${doing} failed: what arrived has another checksum (${got}, not ${sum})`,
      );
  } finally {
    await checksum.close();
  }
  await runHelper(runner, { script: `${PLACE}\nplace "$@"`, args, signal, doing });
}

/**
 * A file, piece by piece. Memory is used again, which costs much less than new memory: a piece is good until six more were
 * asked for. The next one is read meanwhile.
 */
async function* pieces(file: string, report: (current: number) => void): AsyncGenerator<Buffer> {
  const ring = Array.from({ length: RING }, () => Buffer.allocUnsafe(CHUNK));
  const handle = await fsp.open(file);
  const read = (turn: number) => {
    const reading = handle.read(ring[turn % RING]!, 0, CHUNK);
    reading.catch(() => undefined);
    return reading;
  };
  let next = read(0);
  try {
    for (let turn = 1, current = 0; ; turn += 1) {
      const { bytesRead, buffer } = await next;
      if (bytesRead === 0) return;
      next = read(turn);
      const piece = buffer.subarray(0, bytesRead);
      report((current += bytesRead));
      yield piece;
    }
  } finally {
    await next.catch(() => undefined);
    await handle.close();
  }
}

/** Milliseconds that cleaning up after a failure may take: the machine may be gone. */
const CLEANUP = 5000;

/** Removes what was left under a temporary name; as well as it can. */
export async function removePart(runner: Runner, part: string): Promise<void> {
  const late = (): Error => new Error('it took too long');
  // Of a run that is cancelled, too.
  const never = new AbortController().signal;
  await withinTime(runner.clock, CLEANUP, never, late, (signal) =>
    runHelper(runner, { script: 'rm -rf -- "$1"', args: [part], signal, doing: 'cleaning up' }),
  ).catch(() => undefined);
}
