import type { SFTPWrapper } from 'ssh2';
import { GoldsmithError, messageOf } from '../../errors';
import type { TransferOptions } from '../../extension/communicator';
import { writeLocal } from './download';
import { BUSY_TRIES } from './channel';
import type { Link } from './link';
import type { Runner } from './run';
import { partName, type Local } from './upload-file';

/** Status codes of the protocol (draft-ietf-secsh-filexfer-02, 7). */
const NO_SUCH_FILE = 2;
const FAILURE = 4;

/** How OpenSSH and others say in words that the disk is full: their protocol has no code for it. */
const FULL = /no space|quota|disk full/i;

/** A session of SFTP, as promises. */
export class Sftp {
  private constructor(
    private readonly session: SFTPWrapper,
    private readonly lost: () => Error | undefined,
    private readonly doing: string,
  ) {}

  /**
   * Opens a session for a transfer, and ends it when `use` is done or the signal is aborted.
   *
   * @returns undefined where the machine has no SFTP
   */
  static async open<T>(
    runner: Runner,
    doing: string,
    signal: AbortSignal,
    use: (sftp: Sftp) => Promise<T>,
  ): Promise<{ readonly value: T } | undefined> {
    const link = await runner.line.use(signal);
    const session = await openSession(runner, link, signal);
    if (!session) {
      if (link.lost() === undefined) return undefined;
      throw new GoldsmithError('CONNECTION_LOST', `the connection to the machine broke off while ${doing}`);
    }
    session.on('error', () => undefined);
    let stop!: () => void;
    const aborted = new Promise<never>((_resolve, reject) => {
      stop = () => reject(signal.reason as Error);
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
    aborted.catch(() => undefined);
    try {
      const lost = link.ended.then(() => {
        throw new GoldsmithError('CONNECTION_LOST', `the connection to the machine broke off while ${doing}`);
      });
      lost.catch(() => undefined);
      return { value: await Promise.race([use(new Sftp(session, link.lost, doing)), aborted, lost]) };
    } finally {
      signal.removeEventListener('abort', stop);
      session.end();
    }
  }

  /** Writes a file through a temporary name. */
  async put(
    local: Local,
    remote: string,
    part = partName(remote),
    onBytes: (count: number) => void = () => undefined,
  ): Promise<void> {
    try {
      if (local.bytes) {
        await this.ask((done) => this.session.writeFile(part, Buffer.from(local.bytes!), { mode: 0o600 }, done));
        onBytes(local.size);
      } else {
        // 64 requests of 32 KB: OpenSSH's own client has as many under way (sftp(1), -R).
        const step = (_total: number, count: number): void => onBytes(count);
        await this.ask((done) =>
          this.session.fastPut(
            local.file!,
            part,
            { concurrency: 64, chunkSize: 32768, mode: 0o600, fileSize: local.size, step },
            done,
          ),
        );
      }
      const { size } = await this.ask<{ size: number }>((done) => this.session.stat(part, done));
      if (size !== local.size) throw new Error(`only ${size} of ${local.size} bytes arrived`);
      await this.ask((done) => this.session.chmod(part, local.mode, done));
      if (local.mtime !== undefined)
        await this.ask((done) => this.session.utimes(part, local.mtime!, local.mtime!, done));
      await this.rename(part, remote);
    } catch (error) {
      if (this.lost() === undefined) await this.ask((done) => this.session.unlink(part, done)).catch(() => undefined);
      throw this.failed(error);
    }
  }

  /** Reads a file into a local one. */
  async get(remote: string, local: string, { onProgress }: TransferOptions): Promise<void> {
    await writeLocal(local, this.doing, async (sink, failed) => {
      try {
        const stat = await this.ask<{ size: number; mode: number; mtime: number }>((done) =>
          this.session.stat(remote, done),
        );
        let current = 0;
        const stream = this.session.createReadStream(remote, { highWaterMark: 262144 });
        // It closes its file after it has ended, when the session may be over.
        stream.on('error', () => undefined);
        const reading = (async () => {
          for await (const chunk of stream as AsyncIterable<Buffer>) {
            current += chunk.length;
            if (!sink.write(chunk))
              await Promise.race([new Promise<void>((resolve) => sink.once('drain', () => resolve())), failed]);
            onProgress?.({ label: remote, current, total: stat.size, unit: 'bytes' });
          }
        })();
        await Promise.race([reading, failed]);
        return { mode: stat.mode & 0o777, mtime: stat.mtime };
      } catch (error) {
        throw this.failed(error);
      }
    });
  }

  /** Makes a folder, and those above it, where they are missing. */
  async makeFolder(folder: string): Promise<void> {
    const stat = await this.ask<{ isDirectory(): boolean }>((done) => this.session.stat(folder, done)).catch(
      () => undefined,
    );
    if (stat?.isDirectory()) return;
    const above = folder.replace(/\/+[^/]*$/, '');
    if (above !== '' && above !== folder && !/^\/?[A-Za-z]:$/.test(above)) await this.makeFolder(above);
    await this.ask((done) => this.session.mkdir(folder, done)).catch((error: unknown) => {
      throw this.failed(error);
    });
  }

  /** Sets a folder's mode; Windows has none. */
  async mode(folder: string, mode: number): Promise<void> {
    await this.ask((done) => this.session.chmod(folder, mode, done)).catch(() => undefined);
  }

  /** Makes a symbolic link, in place of what was there. */
  async link(target: string, at: string): Promise<void> {
    await this.ask((done) => this.session.unlink(at, done)).catch(() => undefined);
    await this.ask((done) => this.session.symlink(target, at, done)).catch((error: unknown) => {
      throw this.failed(error);
    });
  }

  /** What is in a folder. */
  async list(
    folder: string,
  ): Promise<readonly { name: string; mode: number; kind: 'file' | 'folder' | 'link' | 'other' }[]> {
    const found = await this.ask<{ filename: string; attrs: { mode: number } }[]>((done) =>
      this.session.readdir(folder, done as never),
    ).catch((error: unknown) => {
      throw this.failed(error);
    });
    return found
      .filter(({ filename }) => filename !== '.' && filename !== '..')
      .map(({ filename, attrs: { mode } }) => ({ name: filename, mode, kind: KINDS[mode & 0o170000] ?? 'other' }));
  }

  /** Where a symbolic link leads. */
  readLink(at: string): Promise<string> {
    return this.ask<string>((done) => this.session.readlink(at, done));
  }

  /** OpenSSH's rename replaces what is there at once; the protocol's own refuses to. */
  private async rename(from: string, to: string): Promise<void> {
    try {
      await this.ask((done) => this.session.ext_openssh_rename(from, to, done));
    } catch (error) {
      if (this.lost() !== undefined) throw error;
      await this.ask((done) => this.session.unlink(to, done)).catch(() => undefined);
      await this.ask((done) => this.session.rename(from, to, done));
    }
  }

  private ask<T = void>(call: (done: (error?: Error | null, value?: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      call((error, value) => (error ? reject(error) : resolve(value as T)));
    });
  }

  private failed(error: unknown): GoldsmithError {
    if (GoldsmithError.is(error)) return error;
    const lost = this.lost();
    if (lost)
      return new GoldsmithError('CONNECTION_LOST', `the connection to the machine broke off while ${this.doing}`, {
        cause: error,
      });
    const { code } = error as { code?: number };
    const why = code === NO_SUCH_FILE ? 'there is no such file or folder' : messageOf(error);
    if (FULL.test(why)) return new GoldsmithError('NO_SPACE', `${this.doing} failed: ${why}`, { cause: error });
    return new GoldsmithError('TRANSFER_FAILED', `${this.doing} failed: ${why}`, {
      cause: error,
      ...(code === FAILURE && { hint: 'SFTP does not say why: is the disk full, or something in the way?' }),
    });
  }
}

const KINDS: Readonly<Record<number, 'file' | 'folder' | 'link'>> = {
  0o040000: 'folder',
  0o100000: 'file',
  0o120000: 'link',
};

/** A path of Windows as SFTP has it: `C:\\x` is `/C:/x`. */
export function sftpPath(path: string, guest: 'unix' | 'windows'): string {
  if (guest === 'unix') return path;
  const slashed = path.replaceAll('\\', '/');
  return /^[A-Za-z]:/.test(slashed) ? `/${slashed}` : slashed;
}

/** A session; undefined where the machine has no SFTP. A server may allow so few sessions that others must end first. */
async function openSession(
  { spares, clock }: Runner,
  link: Link,
  signal: AbortSignal,
): Promise<SFTPWrapper | undefined> {
  for (let busy = 1; ; busy += 1) {
    const opened = await new Promise<SFTPWrapper | Error>((resolve) =>
      link.client.sftp((error, session) => resolve(error ?? session)),
    );
    if (!(opened instanceof Error)) return opened;
    if (link.lost() !== undefined || !/channel open failure/i.test(opened.message) || busy > BUSY_TRIES)
      return undefined;
    if (!(await spares.release(link))) await clock.sleep(50 * 2 ** busy, signal);
  }
}
