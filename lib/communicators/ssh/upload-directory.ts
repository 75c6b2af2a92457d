import { createHash } from 'node:crypto';
import { GoldsmithError, messageOf } from '../../errors';
import type { TransferOptions } from '../../extension/communicator';
import { explainErrno } from '../../util/errno';
import { listLocal, type LocalEntry } from '../../util/tar/list';
import { packEntries } from '../../util/tar/pack';
import { LIST, RECEIVE_TAR } from './directory-scripts';
import { runHelper } from './helper';
import type { Runner } from './run';
import { removePart } from './upload-file';

/** Uploads that were begun and not finished, by the folder: what of them arrived need not be sent again. */
export type Unfinished = Map<string, readonly string[]>;

/** A local folder as it is sent. */
export async function entriesOf(local: string): Promise<readonly LocalEntry[]> {
  return listLocal(local.replace(/(?!^)[/\\]+$/, '')).catch((error: unknown) => {
    throw new GoldsmithError('TRANSFER_FAILED', `${local} cannot be read`, { cause: error });
  });
}

/** The name under which a folder is gathered until it is whole: the same for each try. */
export function stageName(local: string, remote: string): string {
  return `goldsmith-${createHash('sha256').update(`${process.pid} ${local} ${remote}`).digest('hex').slice(0, 12)}`;
}

/** Where {@link stageName} may lie. */
export function stages(remote: string, stage: string): readonly string[] {
  return [`${remote}/.${stage}`, `${remote}.${stage}`];
}

/** Copies what is in `local` into the folder `remote`, as one tar archive that is read while it is sent. */
export async function uploadByTar(
  runner: Runner,
  local: string,
  remote: string,
  options: TransferOptions,
  unfinished: Unfinished,
): Promise<void> {
  const { signal, onProgress } = options;
  const doing = `copying ${local} to ${remote} on the machine`;
  const folder = remote.replace(/(?!^)\/+$/, '');
  const stage = stageName(local, folder);
  const all = await entriesOf(local);
  const entries = unfinished.has(folder) ? await missing(runner, all, folder, stage, signal) : all;
  const size = (list: readonly LocalEntry[]): number =>
    list.reduce((sum, { stat }) => sum + (stat.isFile() ? stat.size : 0), 0);
  const total = size(all);
  let current = total - size(entries);
  const archive = packEntries(entries, {
    last: `.${stage}-end`,
    onBytes: (count) => {
      current += count;
      onProgress?.({ label: remote, current, total, unit: 'bytes' });
    },
  });
  try {
    await runHelper(runner, {
      script: RECEIVE_TAR,
      args: [folder, stage, `.${stage}-end`],
      stdin: archive,
      signal,
      doing,
    });
    unfinished.delete(folder);
  } catch (error) {
    if (GoldsmithError.is(error) && error.code === 'CONNECTION_LOST') {
      unfinished.set(folder, stages(folder, stage));
      throw error;
    }
    for (const path of stages(folder, stage)) await removePart(runner, path);
    unfinished.delete(folder);
    signal.throwIfAborted();
    const explained = explainErrno(archive.errored ?? error, doing);
    if (GoldsmithError.is(explained)) throw explained;
    throw new GoldsmithError('TRANSFER_FAILED', `${doing} failed: ${messageOf(explained)}`, { cause: explained });
  } finally {
    archive.destroy();
  }
}

/** Leaves out the files that arrived before: of the same size, time and mode, as rsync(1) judges it. */
async function missing(
  runner: Runner,
  entries: readonly LocalEntry[],
  folder: string,
  stage: string,
  signal: AbortSignal,
): Promise<readonly LocalEntry[]> {
  const there = await runHelper(runner, { script: LIST, args: [folder, stage], signal, doing: `listing ${folder}` });
  const known = new Set(there.split('\n'));
  return entries.filter(({ name, stat }) => {
    if (!stat.isFile()) return true;
    const mode = (stat.mode & 0o7777).toString(8);
    return !known.has(`${stat.size} ${Math.floor(stat.mtimeMs / 1000)} ${mode} ./${name}`);
  });
}
