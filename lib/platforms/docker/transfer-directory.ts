import * as path from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { GoldsmithError, messageOf } from '../../errors';
import type { TransferOptions } from '../../extension/communicator';
import { explainErrno } from '../../util/errno';
import { listLocal } from '../../util/tar/list';
import { packEntries } from '../../util/tar/pack';
import { unpackEntries } from '../../util/tar/unpack';
import { EngineError, failed, isNotFound } from './errors';
import { isHidden, ownerOf, runHelper, type Guest } from './guest';

/** Copies what is in `local` into the folder `remote`: one tar archive, read while it is sent. */
export async function uploadDirectory(
  guest: Guest,
  local: string,
  remote: string,
  options: TransferOptions,
): Promise<void> {
  const { signal, onProgress } = options;
  const doing = `copying ${local} to ${remote} in the container`;
  signal.throwIfAborted();
  const entries = await listLocal(local.replace(/(?!^)[/\\]+$/, '')).catch((error: unknown) => {
    throw new GoldsmithError('TRANSFER_FAILED', `${local} cannot be read`, { cause: error });
  });
  const total = entries.reduce((sum, { stat }) => sum + (stat.isFile() ? stat.size : 0), 0);
  const owner = await ownerOf(guest, signal);
  let current = 0;
  const onBytes = (count: number): void => {
    current += count;
    onProgress?.({ label: remote, current, total, unit: 'bytes' });
  };
  const archive = packEntries(entries, { owner, onBytes });
  try {
    if (isHidden(guest, path.posix.normalize(remote))) {
      const script = 'mkdir -p "$1" && tar -xpf - -C "$1"';
      await runHelper(guest, { script, args: [remote], stdin: archive, signal, doing });
      return;
    }
    await ensureFolder(guest, remote, `${owner.uid}:${owner.gid}`, doing, signal);
    await guest.engine.putArchive(guest.container, remote, archive, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw transferFailed(doing, archive.errored ?? error);
  } finally {
    archive.destroy();
  }
}

/** Asking is 60 ms cheaper than a command. */
async function ensureFolder(
  guest: Guest,
  remote: string,
  owner: string,
  doing: string,
  signal: AbortSignal,
): Promise<void> {
  const stat = await guest.engine.statPath(guest.container, remote, signal);
  if (stat?.isDirectory) return;
  if (stat && stat.linkTarget === '')
    throw new GoldsmithError('TRANSFER_FAILED', `${doing} failed: ${remote} is there and is no directory`);
  const script = '[ -d "$1" ] || { mkdir -p "$1" && chown "$2" "$1"; }';
  await runHelper(guest, { script, args: [remote, owner], signal, doing });
}

/** Copies what is in the container's folder `remote` into the folder `local`. */
export async function downloadDirectory(
  guest: Guest,
  remote: string,
  local: string,
  options: TransferOptions,
): Promise<void> {
  const { signal, onProgress } = options;
  const doing = `copying ${remote} of the container to ${local}`;
  signal.throwIfAborted();
  let current = 0;
  const onBytes = (count: number): void => {
    current += count;
    onProgress?.({ label: remote, current, unit: 'bytes' });
  };
  const folder = remote.replace(/(?!^)\/+$/, '');
  try {
    if (isHidden(guest, path.posix.normalize(folder))) {
      await downloadHidden(guest, folder, local, { signal, onBytes, doing });
      return;
    }
    // The `/.` makes the engine follow a link, and refuse what is no folder.
    await unpackInto(await guest.engine.getArchive(guest.container, `${folder}/.`, signal), local, onBytes);
  } catch (error) {
    signal.throwIfAborted();
    if (isNotFound(error))
      throw new GoldsmithError('TRANSFER_FAILED', `${doing} failed: there is no such directory in the container`, {
        cause: error,
      });
    throw transferFailed(doing, error);
  }
}

/** The archive is read to its end or closed, whatever happens: the engine holds the container as long as it is open. */
async function unpackInto(archive: Readable, local: string, onBytes: (count: number) => void): Promise<void> {
  try {
    await unpackEntries(archive, local, onBytes);
  } finally {
    archive.destroy();
  }
}

async function downloadHidden(
  guest: Guest,
  folder: string,
  local: string,
  {
    signal,
    onBytes,
    doing,
  }: { readonly signal: AbortSignal; readonly onBytes: (count: number) => void; readonly doing: string },
): Promise<void> {
  const archive = new PassThrough();
  const unpacking = unpackInto(archive, local, onBytes);
  unpacking.catch(() => undefined);
  try {
    await runHelper(guest, {
      script: 'cd "$1" && exec tar -cf - .',
      args: [folder],
      signal,
      doing,
      onData: (data) => archive.write(data),
    });
    archive.end();
  } catch (error) {
    archive.destroy();
    throw error;
  }
  await unpacking;
}

function transferFailed(doing: string, error: unknown): unknown {
  const explained = explainErrno(error, doing);
  if (!GoldsmithError.is(explained)) {
    return new GoldsmithError('TRANSFER_FAILED', `${doing} failed: ${messageOf(error)}`, { cause: error });
  }
  // What did not come from the engine says already what was being done.
  return explained instanceof EngineError ? failed('TRANSFER_FAILED', `${doing} failed`, explained) : explained;
}
