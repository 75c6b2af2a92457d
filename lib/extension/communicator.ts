import type { Readable } from 'node:stream';
import type { Progress } from './context';

/** How a command ended. A non-zero exit is a result, never an exception. */
export type ExecResult =
  | { readonly ended: 'exit'; readonly code: number }
  | { readonly ended: 'signal'; readonly signal: string }
  | { readonly ended: 'disconnect' };

/** Options of {@link Communicator.exec}. */
export interface ExecOptions {
  /** Ends the command, and what it started, when it is aborted. */
  readonly signal: AbortSignal;
  /** What the command reads; without it, its standard input is empty. Secrets go here, never into the command. */
  readonly stdin?: string | Uint8Array | Readable;
  /** The login user's where it is not given. Not every communicator can; one that cannot throws. */
  readonly user?: string;
  /** Milliseconds until the machine must be there for the command to start; the communicator's own limit where not given. */
  readonly startTimeout?: number;
  /** Told what the command prints, as it comes. */
  readonly onOutput?: (text: string, stream: 'stdout' | 'stderr') => void;
}

/** Options of the transfers. */
export interface TransferOptions {
  /** Ends the transfer when it is aborted. */
  readonly signal: AbortSignal;
  /** Told now and then how far it is. */
  readonly onProgress?: (progress: Progress) => void;
}

/** What a container image runs: ENTRYPOINT and CMD. */
export interface MainProcess {
  readonly argv: readonly string[];
  /** As whom, such as `www-data` or `1000:1000`; the login user where it is not given. */
  readonly user?: string;
}

/** Where a machine has the output of its {@link MainProcess}. */
export const MAIN_LOG = '/tmp/goldsmith-main.log';

/** A connection to a machine. */
export interface Communicator {
  /** Which shell and which paths the machine has. */
  readonly guest: 'unix' | 'windows';
  /** Address, user and the like, for the variables that scripts and templates see. Never a secret. */
  readonly facts: Readonly<Record<string, string>>;
  /**
   * What the image says is run when it is started, where the machine does not run it by itself: a verification does then, since a
   * container is started for that.
   */
  readonly main?: MainProcess;
  /** Whether the machine may be restarted: it is one of its own, and the connection is made anew after that. @default false */
  readonly restartable?: boolean;
  /** Runs a command line in the machine's shell (`/bin/sh -c` on unix). */
  exec(command: string, options: ExecOptions): Promise<ExecResult>;
  /**
   * Copies one file, or the given bytes, to exactly the path `remote`, whose folder must exist.
   * `mode` is the file's own where it is not given, 0644 for bytes. A half-copied file is never left under `remote`.
   */
  uploadFile(
    local: string | Uint8Array,
    remote: string,
    options: TransferOptions & { readonly mode?: number },
  ): Promise<void>;
  /** Copies what is in `local` into the folder `remote`, which is made where it is missing. Modes and symlinks are kept. */
  uploadDirectory(local: string, remote: string, options: TransferOptions): Promise<void>;
  /** Copies one file of the machine to exactly the path `local`. */
  downloadFile(remote: string, local: string, options: TransferOptions): Promise<void>;
  /** Copies what is in the machine's folder `remote` into the folder `local`, which is made where it is missing. */
  downloadDirectory(remote: string, local: string, options: TransferOptions): Promise<void>;
  /** Ends the connection. Never throws. */
  close(): Promise<void>;
}
