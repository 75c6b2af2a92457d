import type { Clock } from '../extension/context';

/** Time in a rehearsal: things take as long as in life, and that passes faster. */
export class Pace {
  private readonly ended = new AbortController();

  /**
   * @param speed how many seconds of the cloud pass in one of ours while something is waited for
   */
  constructor(
    readonly clock: Clock,
    readonly speed: number,
  ) {}

  /** Now, in milliseconds since the epoch. */
  now(): number {
    return this.clock.now();
  }

  /** How long we wait for what takes `ms` in life. */
  scaled(ms: number): number {
    return Math.ceil(ms / this.speed);
  }

  /** Waits for what takes `ms` in life. Rejects where the rehearsal ends first. */
  async wait(ms: number): Promise<void> {
    const wait = this.scaled(ms);
    if (wait > 0) await this.clock.sleep(wait, this.ended.signal);
    this.ended.signal.throwIfAborted();
  }

  /** Nothing is waited for any more. */
  end(): void {
    this.ended.abort(new Error('the rehearsal is over'));
  }
}
