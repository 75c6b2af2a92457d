/** What a fake platform does: the driver's verbs, and what goes on on its machines. */
export type FakeVerb =
  | 'load'
  | 'lookup'
  | 'preflight'
  | 'launch'
  | 'connect'
  | 'exec'
  | 'upload'
  | 'download'
  | 'checkpoint'
  | 'capture'
  | 'exists'
  | 'find'
  | 'destroy';

/** One call to a fake platform. */
export interface FakeCall {
  readonly verb: FakeVerb;
  /** Node for which it was made. */
  readonly node: string;
  /** What it was about: a command, the path of a file, the id of a resource, what a machine starts from. */
  readonly about: string;
}

/**
 * When in a call a fault happens: `before` anything is done, when something was `created` but the answer is not there yet, or `after`
 * all is done.
 */
export type FaultPhase = 'before' | 'created' | 'after';

/** Options of a fault. */
export interface FaultOptions {
  /** @default 'before' */
  readonly phase?: FaultPhase;
  /**
   * Only for these calls.
   * @default - for all
   */
  readonly when?: (call: FakeCall) => boolean;
  /**
   * How often it happens.
   * @default 1
   */
  readonly times?: number;
}

/** A call that was stopped on the way. */
export interface Hold {
  /** Resolves when a call has come there. */
  readonly reached: Promise<void>;
  /** Lets it go on. */
  release(): void;
}

interface Fault extends FaultOptions {
  readonly verb: FakeVerb;
  left: number;
  act(call: FakeCall, signal: AbortSignal): void | Promise<void>;
}

/** What goes wrong, and when. */
export class Faults {
  readonly calls: FakeCall[] = [];
  private faults: Fault[] = [];

  /** Runs `act` in the next call of a verb. */
  on(verb: FakeVerb, act: Fault['act'], options: FaultOptions = {}): void {
    this.faults.push({ ...options, verb, act, left: options.times ?? 1 });
  }

  /** Goes right again from now on. */
  clear(): void {
    this.faults = [];
  }

  /** Notes a call and lets its first phase go wrong, if it shall. */
  async begin(call: FakeCall, signal: AbortSignal): Promise<void> {
    this.calls.push(call);
    await this.at('before', call, signal);
  }

  /** Lets a later phase of a call go wrong, if it shall. */
  async at(phase: FaultPhase, call: FakeCall, signal: AbortSignal): Promise<void> {
    for (const fault of this.faults) {
      if (fault.verb !== call.verb || (fault.phase ?? 'before') !== phase || fault.left <= 0) continue;
      if (fault.when && !fault.when(call)) continue;
      fault.left -= 1;
      await fault.act(call, signal);
      return;
    }
  }
}

/** Waits until the call is cancelled, however long that is. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
