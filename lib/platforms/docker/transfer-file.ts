import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as fsp from 'node:fs/promises';
import * as path from 'node:path';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { GoldsmithError } from '../../errors';
import type { TransferOptions } from '../../extension/communicator';
import { explainErrno } from '../../util/errno';
import { ownerOf, runHelper, type Guest } from './guest';

/**
 * $1 is the path, $2 the mode, $3 the owner, $4 how many bytes must arrive. The file gets its name only when it is whole;
 * chown comes before chmod because it clears the set-user-id bits.
 */
const RECEIVE = `
if [ -d "$1" ]; then echo "$1 is a directory" >&2; exit 1; fi
umask 077
part="$1.goldsmith-$$"
trap 'rm -f "$part"; exit 1' TERM
if cat >"$part"; then
  size=$(wc -c <"$part")
  if [ "$size" -ne "$4" ]; then echo "only $size of $4 bytes arrived" >&2
  elif chown "$3" "$part" && chmod "$2" "$part" && mv -f "$part" "$1"; then exit 0
  fi
fi
rm -f "$part"
exit 1
`;

/** Bytes that are read at once. */
const CHUNK = 256 * 1024;

/** Copies a file, or bytes, to exactly `remote`: one command in the container, so that every mount of it is seen. */
export async function uploadFile(
  guest: Guest,
  local: string | Uint8Array,
  remote: string,
  options: TransferOptions & { readonly mode?: number },
): Promise<void> {
  const { signal, onProgress } = options;
  signal.throwIfAborted();
  const doing = `copying ${typeof local === 'string' ? local : 'a text'} to ${remote} in the container`;
  const stat = typeof local === 'string' ? await statFile(local) : undefined;
  const size = stat?.size ?? (local as Uint8Array).length;
  const mode = options.mode ?? (stat ? stat.mode & 0o7777 : 0o644);
  const { uid, gid } = await ownerOf(guest, signal);
  const report = (current: number): void => onProgress?.({ label: remote, current, total: size, unit: 'bytes' });
  const stdin = typeof local === 'string' ? Readable.from(counted(local, report), { objectMode: false }) : local;
  await runHelper(guest, {
    script: RECEIVE,
    args: [remote, mode.toString(8), `${uid}:${gid}`, String(size)],
    stdin,
    signal,
    doing,
  });
  if (typeof local !== 'string') report(size);
}

async function* counted(file: string, report: (current: number) => void): AsyncGenerator<Buffer> {
  let current = 0;
  for await (const chunk of fs.createReadStream(file, { highWaterMark: CHUNK })) {
    current += (chunk as Buffer).length;
    report(current);
    yield chunk as Buffer;
  }
}

/** $1 is the path. A folder is an error of its own, for `cat` says it in many ways. */
const SEND = 'if [ -d "$1" ]; then echo "$1 is a directory" >&2; exit 1; fi; exec cat <"$1"';

/** Copies a file of the container to exactly `local`, which appears when it is whole. */
export async function downloadFile(
  guest: Guest,
  remote: string,
  local: string,
  options: TransferOptions,
): Promise<void> {
  const { signal, onProgress } = options;
  signal.throwIfAborted();
  const stat = await guest.engine.statPath(guest.container, remote, signal).catch(() => undefined);
  const part = path.join(path.dirname(local), `.${path.basename(local)}.${randomBytes(4).toString('hex')}.part`);
  if (await isDirectory(local))
    throw new GoldsmithError('TRANSFER_FAILED', `${local} is a directory, and ${remote} is to become a file there`);
  let failure: unknown;
  const sink = fs.createWriteStream(part, { flags: 'wx' }).on('error', (error) => (failure ??= error));
  const stop = new AbortController();
  sink.once('error', () => stop.abort());
  let current = 0;
  try {
    await runHelper(guest, {
      script: SEND,
      args: [remote],
      signal: AbortSignal.any([signal, stop.signal]),
      doing: `copying ${remote} of the container to ${local}`,
      onData: (data) => {
        current += data.length;
        sink.write(data);
        onProgress?.({ label: remote, current, ...(stat && !stat.linkTarget && { total: stat.size }), unit: 'bytes' });
      },
    });
    sink.end();
    await once(sink, 'close');
    if (failure !== undefined) throw failure;
    await fsp.chmod(part, stat && stat.linkTarget === '' ? stat.mode : 0o644);
    await fsp.rename(part, local);
  } catch (error) {
    sink.destroy();
    await fsp.rm(part, { force: true });
    throw failure === undefined ? error : explainErrno(failure, `copying ${remote} of the container to ${local}`);
  }
}

async function statFile(local: string): Promise<fs.Stats> {
  const stat = await fsp.stat(local).catch((error: unknown) => {
    throw new GoldsmithError('TRANSFER_FAILED', `${local} cannot be read`, { cause: error });
  });
  if (!stat.isFile()) throw new GoldsmithError('TRANSFER_FAILED', `${local} is no file`);
  return stat;
}

async function isDirectory(local: string): Promise<boolean> {
  return fsp.stat(local).then(
    (stat) => stat.isDirectory(),
    () => false,
  );
}
