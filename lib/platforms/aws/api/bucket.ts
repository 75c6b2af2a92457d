import type { Clock } from '../../../extension/context';

/** How many calls an account may make at once, and how many more each second. */
export interface Rate {
  readonly size: number;
  readonly perSecond: number;
}

/** What EC2 allows an account in a region: docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html. */
export const EC2_RATES = { read: { size: 100, perSecond: 20 }, write: { size: 50, perSecond: 5 } } as const;

/** What EBS direct allows of each kind of call: docs.aws.amazon.com/general/latest/gr/ebs-service.html, "StartSnapshot" and its like. */
export const EBS_RATE: Rate = { size: 1000, perSecond: 1000 };

/** First pause after "too much", in milliseconds; it doubles up to the second. */
const PAUSE = 500;
const LONGEST_PAUSE = 30_000;
/** After so many calls in a row without "too much" it is a little faster again. */
const CALM = 10;

/**
 * A token bucket, shared by all builds that call the same account and region. AWS counts all calls of an account: so when it says "too
 * much" to one, all of them wait, and go on more slowly.
 */
export class Bucket {
  private tokens: number;
  private refilled: number;
  private perSecond: number;
  private openAt = 0;
  private pause = PAUSE;
  private calm = 0;
  private line: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly clock: Clock,
    private readonly rate: Rate,
  ) {
    this.tokens = rate.size;
    this.perSecond = rate.perSecond;
    this.refilled = clock.now();
  }

  /** Resolves when a call may be made; first come, first served. */
  take(signal?: AbortSignal): Promise<void> {
    const turn = this.line.then(() => this.next(signal));
    this.line = turn.catch(() => undefined);
    return turn;
  }

  /** AWS said "too much". */
  slow(): void {
    this.calm = 0;
    this.tokens = 0;
    this.perSecond = Math.max(this.perSecond / 2, this.rate.perSecond / 16);
    const now = this.clock.now();
    // Calls that were on their way together are refused together: that counts once.
    if (now < this.openAt) return;
    this.openAt = now + this.pause;
    this.refilled = this.openAt;
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }

  /** A call went through. */
  went(): void {
    this.calm += 1;
    if (this.calm % CALM !== 0) return;
    this.pause = PAUSE;
    this.perSecond = Math.min(this.perSecond * 1.25, this.rate.perSecond);
  }

  private async next(signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const now = this.clock.now();
      if (now < this.openAt) {
        await this.clock.sleep(this.openAt - now, signal);
        continue;
      }
      this.tokens = Math.min(this.rate.size, this.tokens + ((now - this.refilled) / 1000) * this.perSecond);
      this.refilled = Math.max(now, this.refilled);
      if (this.tokens >= 1) {
        this.tokens -= 1;
        return;
      }
      await this.clock.sleep(Math.ceil(((1 - this.tokens) / this.perSecond) * 1000), signal);
    }
  }
}
