import type { Writable } from 'node:stream';
import { howStarted } from './how-started';

/** What the command line may use of its process: the only place that touches it. */
export interface Io {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly colour: boolean;
  /** Whether a person looks at it: then it draws, else it prints lines. */
  readonly isTty: boolean;
  /** How the user would start it again, such as `goldsmith` or `npx ts-node images.ts`. */
  readonly command: string;
  /** Columns and rows of the terminal, now; 80 and 24 where it does not know them, as that of `script` or a container may not. */
  size(): { readonly columns: number; readonly rows: number };
  /** Calls back on Ctrl-C or SIGTERM until the returned function is called. */
  onInterrupt(listener: () => void): () => void;
  /** Leaves at once. */
  exit(status: number): never;
}

/** The real process. */
export function processIo(): Io {
  const { stdin, stdout, stderr, env } = process;
  for (const stream of [stdout, stderr]) stream.on('error', ignore);
  const isTty = stdout.isTTY === true && env['CI'] === undefined && env['TERM'] !== 'dumb';
  return {
    stdin,
    stdout,
    stderr,
    cwd: process.cwd(),
    env,
    // https://no-color.org: set and not empty means no colour.
    colour: (isTty && !env['NO_COLOR']) || (env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0'),
    isTty,
    command: howStarted(process.cwd()),
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    onInterrupt(listener) {
      const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
      for (const signal of signals) process.on(signal, listener);
      // `goldsmith build --json | head`: nobody reads any more, which is another way to stop it.
      stdout.once('error', listener);
      return () => {
        for (const signal of signals) process.off(signal, listener);
        stdout.off('error', listener);
      };
    },
    exit: (status) => process.exit(status),
  };
}

function ignore(): void {
  // A closed pipe stays closed: every further write says so again.
}
