import { randomBytes } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import { Readable } from 'node:stream';
import { GoldsmithError } from '../../errors';
import type { Communicator, ExecOptions, ExecResult, TransferOptions } from '../../extension/communicator';
import { runCommand, type Runner } from './run';
import type { SshTarget } from './target';
import { Transfers } from './transfers';

/** A machine that is reached by SSH. */
export class SshCommunicator implements Communicator {
  readonly guest: 'unix' | 'windows';
  readonly restartable = true;
  readonly facts: Readonly<Record<string, string>>;
  private readonly transfers: Transfers;

  constructor(
    private readonly runner: Runner,
    private readonly target: SshTarget,
    address: { readonly host: string; readonly port: number },
    private readonly endings: readonly (() => void)[] = [],
  ) {
    this.guest = runner.guest.kind;
    this.transfers = new Transfers(runner, target.fileTransferMethod);
    this.facts = {
      ID: address.host,
      Host: address.host,
      Port: String(address.port),
      User: target.username,
      ConnType: 'ssh',
    };
  }

  /** Runs a command line in `/bin/sh`; on Windows in the shell that its SSH server has. */
  async exec(command: string, options: ExecOptions): Promise<ExecResult> {
    const { signal, stdin, user, startTimeout, onOutput } = options;
    if (user !== undefined && this.guest === 'windows')
      throw new GoldsmithError('STEP_FAILED', 'commands on Windows run as the login user only', {
        hint: `leave out \`user\`, or log in as \`${user}\``,
      });
    const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
    const show = (text: string, stream: 'stdout' | 'stderr'): void => {
      if (text !== '') onOutput?.(text, stream);
    };
    const pty = this.target.pty === true;
    const input =
      pty && stdin !== undefined && this.guest === 'unix' ? await this.storeInput(stdin, signal) : undefined;
    const result = await runCommand(this.runner, {
      command: input === undefined ? command : `exec <${input}; rm -f ${input}\n${command}`,
      signal,
      user,
      pty,
      startTimeout,
      ...(input === undefined && { stdin }),
      onData: (data, stream) => show(decoders[stream].write(data), stream),
    });
    show(decoders.stdout.end(), 'stdout');
    show(decoders.stderr.end(), 'stderr');
    return result;
  }

  /** One file, or bytes, to exactly a path. */
  uploadFile(
    local: string | Uint8Array,
    remote: string,
    options: TransferOptions & { readonly mode?: number },
  ): Promise<void> {
    return this.transfers.uploadFile(local, remote, options);
  }

  /** What is in a folder, into a folder. */
  uploadDirectory(local: string, remote: string, options: TransferOptions): Promise<void> {
    return this.transfers.uploadDirectory(local, remote, options);
  }

  /** One file of the machine to exactly a path. */
  downloadFile(remote: string, local: string, options: TransferOptions): Promise<void> {
    return this.transfers.downloadFile(remote, local, options);
  }

  /** What is in a folder of the machine, into a folder. */
  downloadDirectory(remote: string, local: string, options: TransferOptions): Promise<void> {
    return this.transfers.downloadDirectory(remote, local, options);
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    for (const end of this.endings) end();
    await this.transfers.close().catch(() => undefined);
    await this.runner.line.close();
  }

  /** A terminal has no end of file, and lines of 4096 bytes at most (termios(3)): so input goes through a file. */
  private async storeInput(stdin: NonNullable<ExecOptions['stdin']>, signal: AbortSignal): Promise<string> {
    const chunks: Uint8Array[] = [];
    if (stdin instanceof Readable) for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Uint8Array));
    else chunks.push(Buffer.from(stdin));
    const file = `/tmp/.goldsmith-input-${randomBytes(8).toString('hex')}`;
    await this.uploadFile(Buffer.concat(chunks), file, { signal, mode: 0o600 });
    return file;
  }
}
