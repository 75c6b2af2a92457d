import { GoldsmithError } from '../../errors';
import type { TransferOptions } from '../../extension/communicator';
import { downloadByShell, downloadByTar } from './download';
import type { Runner } from './run';
import { plainList } from './plain-list';
import { uploadPlainly } from './plain-directory';
import { putByScp } from './scp';
import { Sftp, sftpPath } from './sftp';
import { getFolder, putFolder } from './sftp-directory';
import { statOf } from './stat';
import { uploadByTar, type Unfinished } from './upload-directory';
import { localOf, partName, removePart, uploadByShell, type Local } from './upload-file';

/** Chooses how files go over: by what was asked for, and by what the machine has. */
export class Transfers {
  private readonly unfinished: Unfinished = new Map();
  /** Temporary names that may be left on the machine. */
  private readonly leftovers = new Set<string>();
  /** Large files that arrived, by their path on the machine: a retry need not send them again. */
  private readonly arrived = new Map<string, string>();

  constructor(
    private readonly runner: Runner,
    private readonly method: 'sftp' | 'scp' | undefined,
  ) {}

  private get windows(): boolean {
    return this.runner.guest.kind === 'windows';
  }

  /** One file, or bytes. */
  async uploadFile(
    given: string | Uint8Array,
    remote: string,
    options: TransferOptions & { readonly mode?: number },
  ): Promise<void> {
    options.signal.throwIfAborted();
    const local = await localOf(given, options.mode);
    const identity = `${local.name} ${local.size} ${local.mtime} ${local.mode}`;
    if (
      local.file !== undefined &&
      this.arrived.get(remote) === identity &&
      (await this.isThere(local, remote, options))
    )
      return;
    const part = partName(remote);
    try {
      await this.send(local, remote, part, options);
    } catch (error) {
      // Where the connection is gone, it is removed when there is one again.
      this.leftovers.add(part);
      if (this.runner.line.isOpen) await this.tidy();
      throw error;
    }
    if (this.leftovers.size > 0) await this.tidy();
    if (local.file !== undefined) this.arrived.set(remote, identity);
  }

  /** What is in a folder. */
  async uploadDirectory(local: string, remote: string, options: TransferOptions): Promise<void> {
    const { runner, method } = this;
    options.signal.throwIfAborted();
    if (!this.windows && method === undefined && runner.guest.tools.has('tar'))
      return uploadByTar(runner, local, remote, options, this.unfinished);
    if (method !== 'scp' || this.windows) {
      const doing = `copying ${local} to ${remote} on the machine`;
      const to = sftpPath(remote, runner.guest.kind).replace(/(?!^)\/+$/, '');
      if (await Sftp.open(runner, doing, options.signal, (sftp) => putFolder(sftp, local, to, options))) return;
    }
    if (this.windows) throw noWay(`the folder ${local} cannot be copied to ${remote}`);
    if (runner.guest.tools.has('tar')) return uploadByTar(runner, local, remote, options, this.unfinished);
    return uploadPlainly(runner, local, remote, options);
  }

  /** One file of the machine. */
  async downloadFile(remote: string, local: string, options: TransferOptions): Promise<void> {
    const { runner } = this;
    options.signal.throwIfAborted();
    if (this.windows || this.method === 'sftp') {
      const doing = `copying ${remote} of the machine to ${local}`;
      const from = sftpPath(remote, runner.guest.kind);
      if (await Sftp.open(runner, doing, options.signal, (sftp) => sftp.get(from, local, options))) return;
      if (this.windows) throw noWay(`${remote} cannot be fetched`);
    }
    return downloadByShell(runner, remote, local, options);
  }

  /** What is in a folder of the machine. */
  async downloadDirectory(remote: string, local: string, options: TransferOptions): Promise<void> {
    const { runner } = this;
    options.signal.throwIfAborted();
    const hasTar = runner.guest.tools.has('tar');
    if (!this.windows && this.method !== 'sftp' && hasTar) return downloadByTar(runner, remote, local, options);
    const doing = `copying ${remote} of the machine to ${local}`;
    const from = sftpPath(remote, runner.guest.kind).replace(/(?!^)\/+$/, '');
    if (await Sftp.open(runner, doing, options.signal, (sftp) => getFolder(sftp, from, local, options))) return;
    if (this.windows) throw noWay(`the folder ${remote} cannot be fetched`);
    return hasTar ? downloadByTar(runner, remote, local, options) : plainList(runner, remote, local, options);
  }

  /** Removes what unfinished uploads left, for the last time that anybody can. */
  async close(): Promise<void> {
    for (const stages of this.unfinished.values()) for (const stage of stages) this.leftovers.add(stage);
    if (this.leftovers.size > 0 && this.runner.line.isOpen) await this.tidy();
  }

  private async tidy(): Promise<void> {
    for (const part of this.leftovers) await removePart(this.runner, part);
    this.leftovers.clear();
  }

  private async send(local: Local, remote: string, part: string, options: TransferOptions): Promise<void> {
    const { runner, method } = this;
    if (this.windows || method === 'sftp') {
      let current = 0;
      const step = (count: number): void =>
        options.onProgress?.({ label: remote, current: (current += count), total: local.size, unit: 'bytes' });
      const to = sftpPath(remote, runner.guest.kind);
      const doing = `copying ${local.name} to ${remote} on the machine`;
      if (
        await Sftp.open(runner, doing, options.signal, (sftp) =>
          sftp.put(local, to, sftpPath(part, runner.guest.kind), step),
        )
      )
        return;
    }
    if (this.windows || method !== undefined) {
      if (await putByScp(runner, local, remote, part, options)) return;
      if (this.windows) throw noWay(`${local.name} cannot be copied to ${remote}`);
    }
    await uploadByShell(runner, local, remote, part, options);
  }

  /** Whether a file that was sent before is still there as it was: by size, time and mode. */
  private async isThere(local: Local, remote: string, { signal }: TransferOptions): Promise<boolean> {
    if (this.windows || local.bytes) return false;
    return (await statOf(this.runner, remote, signal)) === `${local.size} ${local.mtime} ${local.mode.toString(8)}`;
  }
}

function noWay(what: string): GoldsmithError {
  return new GoldsmithError('TRANSFER_FAILED', `${what}: the machine has neither SFTP nor scp`, {
    hint: 'switch on the sftp subsystem in its sshd_config',
  });
}
