import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as fsp from 'node:fs/promises';
import * as path from 'node:path';
import { PassThrough, type Writable } from 'node:stream';
import { GoldsmithError, messageOf } from '../../errors';
import type { TransferOptions } from '../../extension/communicator';
import { explainErrno } from '../../util/errno';
import { unpackEntries } from '../../util/tar/unpack';
import { runHelper } from './helper';
import type { Runner } from './run';

/** Prints size, mode and time on one line, then the file. */
const SEND = `
if [ -d "$1" ]; then echo "$1 is a directory" >&2; exit 1; fi
[ -r "$1" ] || { echo "$1 is not there, or cannot be read" >&2; exit 1; }
stat -L -c '%s %a %Y' "$1" 2>/dev/null || { [ -x "$1" ] && echo "- 755 -" || echo "- 644 -"; }
exec cat <"$1"`;

/** The local file under a temporary name, until it is whole. */
export async function writeLocal(
  local: string,
  doing: string,
  write: (
    sink: fs.WriteStream,
    failed: Promise<never>,
  ) => Promise<{ readonly mode: number; readonly mtime: number | undefined }>,
): Promise<void> {
  const isFolder = await fsp.stat(local).then(
    (stat) => stat.isDirectory(),
    () => false,
  );
  if (isFolder) throw new GoldsmithError('TRANSFER_FAILED', `${doing} failed: ${local} is a directory`);
  const part = path.join(path.dirname(local), `.${path.basename(local)}.${randomBytes(4).toString('hex')}.part`);
  const sink = fs.createWriteStream(part, { flags: 'wx' });
  const failed = new Promise<never>((_resolve, reject) => sink.once('error', reject));
  failed.catch(() => undefined);
  try {
    const { mode, mtime } = await write(sink, failed);
    sink.end();
    await Promise.race([once(sink, 'close'), failed]);
    await fsp.chmod(part, mode);
    if (mtime !== undefined) await fsp.utimes(part, mtime, mtime);
    await fsp.rename(part, local);
  } catch (error) {
    sink.destroy();
    await fsp.rm(part, { force: true });
    throw explainErrno(error, doing);
  }
}

/** Resolves when a stream takes more, or takes nothing any more. */
async function drained(stream: Writable): Promise<void> {
  const done = new AbortController();
  const { signal } = done;
  await Promise.race([once(stream, 'drain', { signal }), once(stream, 'close', { signal })]).catch(() => undefined);
  done.abort();
}

/** Copies one file of the machine to exactly `local`, by a stream through its shell. */
export async function downloadByShell(
  runner: Runner,
  remote: string,
  local: string,
  options: TransferOptions,
): Promise<void> {
  const { signal, onProgress } = options;
  const doing = `copying ${remote} of the machine to ${local}`;
  await writeLocal(local, doing, async (sink, failed) => {
    let head: string[] | undefined;
    let held = Buffer.alloc(0);
    let current = 0;
    const take = (data: Buffer): void | Promise<void> => {
      current += data.length;
      const full = !sink.write(data);
      const total = Number(head?.[0]);
      onProgress?.({ label: remote, current, ...(Number.isFinite(total) && { total }), unit: 'bytes' });
      return full ? drained(sink) : undefined;
    };
    const stop = new AbortController();
    failed.catch(() => stop.abort());
    const copying = runHelper(runner, {
      script: SEND,
      args: [remote],
      signal: AbortSignal.any([signal, stop.signal]),
      doing,
      onData: (data) => {
        if (head) return take(data);
        held = Buffer.concat([held, data]);
        const end = held.indexOf('\n');
        if (end < 0) return undefined;
        head = held.subarray(0, end).toString().split(' ');
        return held.length > end + 1 ? take(held.subarray(end + 1)) : undefined;
      },
    });
    await Promise.race([copying, failed]);
    const [size, mode, mtime] = head ?? [];
    if (size !== undefined && size !== '-' && current < Number(size))
      throw new GoldsmithError('TRANSFER_FAILED', `${doing} failed: only ${current} of ${size} bytes came`);
    return {
      mode: mode === undefined ? 0o644 : parseInt(mode, 8) & 0o777,
      mtime: mtime === undefined || mtime === '-' ? undefined : Number(mtime),
    };
  });
}

/** Copies what is in a folder of the machine into a local folder: one tar archive, unpacked while it comes. */
export async function downloadByTar(
  runner: Runner,
  remote: string,
  local: string,
  options: TransferOptions,
): Promise<void> {
  const { signal, onProgress } = options;
  const doing = `copying ${remote} of the machine to ${local}`;
  const archive = new PassThrough();
  let current = 0;
  const unpacking = unpackEntries(archive, local, (count) => {
    current += count;
    onProgress?.({ label: remote, current, unit: 'bytes' });
  });
  const stop = new AbortController();
  unpacking.catch(() => stop.abort());
  try {
    await runHelper(runner, {
      script: 'cd "$1" && exec tar -cf - .',
      args: [remote],
      signal: AbortSignal.any([signal, stop.signal]),
      doing,
      onData: (data) => (archive.write(data) ? undefined : drained(archive)),
    });
    archive.end();
  } catch (error) {
    archive.destroy();
    signal.throwIfAborted();
    if (!stop.signal.aborted) throw error;
  }
  await unpacking.catch((error: unknown) => {
    const explained = explainErrno(error, doing);
    throw GoldsmithError.is(explained)
      ? explained
      : new GoldsmithError('TRANSFER_FAILED', `${doing} failed: ${messageOf(error)}`, { cause: error });
  });
}
