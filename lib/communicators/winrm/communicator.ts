import { StringDecoder } from 'node:string_decoder';
import * as fsp from 'node:fs/promises';
import { GoldsmithError } from '../../errors';
import type { Communicator, ExecOptions, ExecResult, TransferOptions } from '../../extension/communicator';
import type { Address } from '../ssh/sockets';
import { ClixmlDecoder } from './clixml';
import { downloadDirectory, downloadFile } from './download';
import type { Line } from './line';
import { runCommand } from './run';
import { entriesOf, letFetch, sendEntries } from './upload';

/** Bytes from which on a file is worth a connection of its own. */
const LARGE = 1024 * 1024;

/** A machine that is reached by WinRM. */
export class WinrmCommunicator implements Communicator {
  readonly guest = 'windows';
  readonly restartable = true;
  readonly facts: Readonly<Record<string, string>>;
  private canFetch = true;

  constructor(
    private readonly line: Line,
    address: Address,
  ) {
    this.facts = {
      ID: address.host,
      Host: address.host,
      Port: String(address.port),
      User: line.settings.username,
      ConnType: 'winrm',
    };
  }

  /** Runs a command line in cmd.exe. */
  async exec(command: string, { signal, stdin, user, onOutput }: ExecOptions): Promise<ExecResult> {
    if (user !== undefined)
      throw new GoldsmithError('STEP_FAILED', 'commands on Windows run as the login user only', {
        hint: `leave out \`user\`, or log in as \`${user}\`; \`elevatedUser\` of a PowerShell step runs as another one`,
      });
    const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
    const clixml = new ClixmlDecoder();
    const started = { stdout: false, stderr: false };
    const show = (text: string, stream: 'stdout' | 'stderr'): void => {
      if (text === '') return;
      // Windows PowerShell may begin its output with a byte order mark.
      const plain = started[stream] ? text : text.replace(/^\ufeff/, '');
      started[stream] = true;
      const shown = stream === 'stderr' ? clixml.push(plain) : plain;
      if (shown !== '') onOutput?.(shown, stream);
    };
    const result = await runCommand(this.line, {
      command,
      signal,
      stdin,
      onData: (data, stream) => show(decoders[stream].write(data), stream),
    });
    show(decoders.stdout.end(), 'stdout');
    show(decoders.stderr.end(), 'stderr');
    const rest = clixml.end();
    if (rest !== '') onOutput?.(rest, 'stderr');
    return result;
  }

  /** One file, or bytes, to exactly a path. Windows has no modes. */
  async uploadFile(local: string | Uint8Array, remote: string, options: TransferOptions): Promise<void> {
    const total = typeof local === 'string' ? await sizeOf(local) : local.length;
    if (typeof local === 'string' && (await this.isFetched(local, remote, total, options))) return;
    await sendEntries(this.line, [{ name: remote, source: local }], { label: remote, total }, options);
  }

  /** What is in a folder, into a folder. */
  async uploadDirectory(local: string, remote: string, options: TransferOptions): Promise<void> {
    await sendEntries(this.line, entriesOf(local, remote.replace(/[\\/]+$/, '')), { label: remote }, options);
  }

  /** One file of the machine to exactly a path. */
  downloadFile(remote: string, local: string, options: TransferOptions): Promise<void> {
    return downloadFile(this.line, remote, local, options);
  }

  /** What is in a folder of the machine, into a folder. */
  downloadDirectory(remote: string, local: string, options: TransferOptions): Promise<void> {
    return downloadDirectory(this.line, remote, local, options);
  }

  /** Ends the connection. */
  close(): Promise<void> {
    return this.line.close();
  }

  /** Whether the machine fetched it. Where it cannot reach us, it is not asked again. */
  private async isFetched(local: string, remote: string, size: number, options: TransferOptions): Promise<boolean> {
    const { line } = this;
    const { fileServer } = line.settings.target;
    const host = fileServer?.host ?? line.reached?.from;
    if (!fileServer || !this.canFetch || host === undefined || size < (fileServer.minimumSize ?? LARGE)) return false;
    if (await letFetch(line, local, remote, { host, port: fileServer.port }, options)) return true;
    this.canFetch = false;
    line.ctx.warn(
      `the machine cannot fetch files from ${host}: they go through WinRM, which is slow; see \`fileServer\``,
    );
    return false;
  }
}

async function sizeOf(file: string): Promise<number> {
  const stat = await fsp.stat(file).catch((error: unknown) => {
    throw new GoldsmithError('TRANSFER_FAILED', `${file} cannot be read`, { cause: error });
  });
  if (!stat.isFile()) throw new GoldsmithError('TRANSFER_FAILED', `${file} is no file`);
  return stat.size;
}
