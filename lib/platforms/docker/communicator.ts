import { Readable } from 'node:stream';
import type { Communicator, MainProcess, ExecOptions, ExecResult, TransferOptions } from '../../extension/communicator';
import type { Clock } from '../../extension/context';
import { decodeOutput } from './demux';
import type { Engine } from './engine';
import { failed } from './errors';
import { runCommand } from './exec';
import { downloadDirectory, uploadDirectory } from './transfer-directory';
import { downloadFile, uploadFile } from './transfer-file';
import type { Guest } from './guest';
import { ShellSession } from './session';

/** What a connection to a container needs to know of it. */
export interface ContainerAccess {
  readonly container: string;
  readonly name: string;
  /** User that commands run as, where it is not the container's. */
  readonly execUser?: string | undefined;
  /** User that the container runs as; empty for root. */
  readonly containerUser: string;
  readonly pty: boolean;
  readonly fixUploadOwner: boolean;
  /** Folders that the archive API does not see: they are mounted within the container only. */
  readonly hidden: readonly string[];
  /** What the image runs, where goldsmith's own process waits in its place. */
  readonly main?: MainProcess;
}

/** A connection to a container, over the engine's exec and archive API. */
export class DockerCommunicator implements Communicator {
  readonly guest = 'unix';
  readonly facts: Readonly<Record<string, string>>;
  readonly main?: MainProcess;
  private readonly inside: Guest;
  private readonly session: ShellSession;

  constructor(
    private readonly engine: Engine,
    private readonly access: ContainerAccess,
    private readonly clock: Clock,
  ) {
    const { container, name, execUser, containerUser } = access;
    if (access.main) this.main = access.main;
    this.session = new ShellSession(engine, container, execUser, clock);
    this.facts = { ID: container, Host: name, User: execUser ?? (containerUser || 'root'), ConnType: 'docker' };
    this.inside = {
      engine,
      container,
      clock,
      hidden: access.hidden,
      owner: access.fixUploadOwner ? this.facts['User']! : 'root',
    };
  }

  /** Runs a command line in `/bin/sh`. */
  async exec(command: string, options: ExecOptions): Promise<ExecResult> {
    const { signal, onOutput } = options;
    const user = options.user ?? this.access.execUser;
    const output = onOutput && decodeOutput(onOutput);
    const { session } = this;
    const common = { user, signal, ...(output && { onData: output.push.bind(output) }) };
    try {
      const { stdin } = options;
      if (!this.access.pty && user === this.access.execUser && session.takes(stdin))
        return await session.run({ command, stdin, signal, ...(output && { onData: output.push.bind(output) }) });
      if (!this.access.pty)
        return await this.run({ ...common, argv: ['/bin/sh', '-c', command], stdin: options.stdin });
      if (options.stdin === undefined)
        return await this.run({ ...common, argv: ['/bin/sh', '-c', command], tty: true });
      const input = await this.storeInput(options.stdin, user, signal);
      return await this.run({ ...common, argv: ['/bin/sh', '-c', READ_INPUT, 'sh', input, command], tty: true });
    } catch (error) {
      const hint = user === undefined ? undefined : `commands run as \`${user}\`: see that the image has this user`;
      throw failed('CONNECT_FAILED', 'the engine could not run a command in the container', error, hint);
    } finally {
      output?.end();
    }
  }

  /** One file, or bytes, to exactly a path. */
  uploadFile(
    local: string | Uint8Array,
    remote: string,
    options: TransferOptions & { readonly mode?: number },
  ): Promise<void> {
    return uploadFile(this.inside, local, remote, options);
  }

  /** What is in a folder, into a folder. */
  uploadDirectory(local: string, remote: string, options: TransferOptions): Promise<void> {
    return uploadDirectory(this.inside, local, remote, options);
  }

  /** One file of the container to exactly a path. */
  downloadFile(remote: string, local: string, options: TransferOptions): Promise<void> {
    return downloadFile(this.inside, remote, local, options);
  }

  /** What is in a folder of the container, into a folder. */
  downloadDirectory(remote: string, local: string, options: TransferOptions): Promise<void> {
    return downloadDirectory(this.inside, remote, local, options);
  }

  /** Ends the shell in the container. The engine's connections belong to the driver. */
  async close(): Promise<void> {
    this.session.close();
  }

  private run(command: Parameters<typeof runCommand>[2]): Promise<ExecResult> {
    return runCommand(this.engine, this.access.container, command, this.clock);
  }

  /** A terminal shows what is typed into it, and has no end of file: so input for a command with one goes through a file. */
  private async storeInput(
    stdin: NonNullable<ExecOptions['stdin']>,
    user: string | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const chunks: Uint8Array[] = [];
    if (stdin instanceof Readable) for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Uint8Array));
    else chunks.push(Buffer.from(stdin));
    const file = `/tmp/.goldsmith-input-${++inputs}`;
    const owner = user ?? (this.access.containerUser || 'root');
    await uploadFile({ ...this.inside, owner }, Buffer.concat(chunks), file, { signal, mode: 0o600 });
    return file;
  }
}

let inputs = 0;

/** $1 is the file with the input, $2 the command. The file is gone before the command starts. */
const READ_INPUT = 'exec <"$1"; rm -f "$1"; exec /bin/sh -c "$2"';
