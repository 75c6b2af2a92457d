/** The sequence of a connection, in order. */
export const PHASES = ['address', 'TCP', 'banner', 'key exchange', 'host key', 'authentication', 'shell'] as const;

/** How far a connection came. */
export type Phase = (typeof PHASES)[number];

/** Why one try did not succeed. */
export class SshFailure extends Error {
  /** Whether no later try can succeed. */
  readonly hopeless: boolean;
  readonly hint: string | undefined;
  /** What was offered to log in with, where it came to that. */
  readonly offered: readonly string[] | undefined;

  constructor(
    readonly phase: Phase,
    message: string,
    details: {
      readonly hopeless?: boolean;
      readonly hint?: string | undefined;
      readonly offered?: readonly string[] | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.hopeless = details.hopeless === true;
    this.hint = details.hint;
    this.offered = details.offered;
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused: nothing listens there',
  ECONNRESET: 'the other side broke the connection off',
  EPIPE: 'the other side broke the connection off',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no route leads there',
  ENETUNREACH: 'no route leads to its network',
  ENOTFOUND: 'no such name is known',
  EAI_AGAIN: 'the name server does not answer',
  EACCES: 'this is not allowed here',
};

/** What an error of a socket means, in words. */
export function inWords(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code !== undefined && WORDS[code]) || message || String(error);
}
