/** The sequence of a connection, in order. */
export const PHASES = ['address', 'TCP', 'certificate', 'HTTP', 'authentication', 'shell'] as const;

/** How far a connection came. */
export type Phase = (typeof PHASES)[number];

/** Why one try did not succeed. */
export class WinrmFailure extends Error {
  /** Whether no later try can succeed. */
  readonly hopeless: boolean;
  /** Whether the machine knows us, and does not let us in. */
  readonly refused: boolean;
  readonly hint: string | undefined;

  constructor(
    readonly phase: Phase,
    message: string,
    details: {
      readonly hopeless?: boolean;
      readonly refused?: boolean;
      readonly hint?: string | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.hopeless = details.hopeless === true;
    this.refused = details.refused === true;
    this.hint = details.hint;
  }
}

/** The connection broke off while something was asked. Whether it was done nobody knows. */
export class LinkLost extends Error {}

/** What WS-Management answered instead of what was asked for. */
export class WinrmFault extends Error {
  constructor(
    message: string,
    /** Its kind (DSP0226, 14.6), such as `TimedOut`. */
    readonly kind: string,
    /** Windows' error code, where there is one. */
    readonly code: number | undefined,
  ) {
    super(message);
  }

  /** Nothing to tell in the time that was given: ask again. */
  get isTimeout(): boolean {
    return this.kind === 'TimedOut' || this.code === 2150858793;
  }

  /** The shell, or the command, is gone: ended, or the machine was restarted. */
  get isUnknown(): boolean {
    return this.kind === 'InvalidSelectors' || this.code === 2150858843;
  }

  /** The message was larger than the machine takes. */
  get isTooLarge(): boolean {
    return this.kind === 'EncodingLimit' || /MaxEnvelopeSize/i.test(this.message);
  }
}
