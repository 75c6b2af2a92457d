import type { Dice } from './dice';

/** What goes wrong in a rehearsal, and how often: shares of calls, from 0 to 1. */
export interface TroubleOptions {
  /**
   * Calls that are refused since there were too many (`RequestLimitExceeded`).
   * @default 0
   */
  readonly throttling?: number;
  /**
   * Calls that are answered by a 5xx (`InternalError`, `Unavailable`), and do nothing.
   * @default 0
   */
  readonly serverErrors?: number;
  /**
   * Calls that do their work, and whose answer is lost: the connection breaks.
   * @default 0
   */
  readonly lostResponses?: number;
  /**
   * Launches that find no machine free (`InsufficientInstanceCapacity`).
   * @default 0
   */
  readonly insufficientCapacity?: number;
  /**
   * Spot instances that are taken away soon after they run.
   * @default 0
   */
  readonly spotInterruptions?: number;
  /**
   * New things that calls do not see at first, as for AWS's eventual consistency.
   * @default 0
   */
  readonly eventualConsistency?: number;
}

/** Decides by dice what goes wrong. */
export class Trouble {
  constructor(
    private readonly options: TroubleOptions,
    private readonly dice: Dice,
    /** Milliseconds of ours for which something new is not seen, where it is not seen at first. */
    private readonly hidden: number,
  ) {}

  /** Whether a trouble strikes now. */
  strikes(what: keyof TroubleOptions): boolean {
    const share = this.options[what] ?? 0;
    return share > 0 && this.dice.next() < share;
  }

  /** Milliseconds until something new is seen. */
  invisibleFor(): number {
    return this.strikes('eventualConsistency') ? Math.ceil(this.hidden * (0.2 + this.dice.next())) : 0;
  }
}
