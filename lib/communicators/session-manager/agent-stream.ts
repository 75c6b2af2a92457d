import { Duplex } from 'node:stream';

/** Bytes that nobody has read yet, from which on the other side is to wait. */
const BUFFERED = 1024 * 1024;

/** What is behind a stream. */
export interface StreamEnds {
  /** Resolves when there is room for more. */
  send(data: Buffer): Promise<void>;
  /** Tells the other side that this one has ended. */
  finish(): Promise<void>;
  /** There is room for what comes. */
  wanted(): void;
  /** It is not used any more. */
  gone(): void;
}

/** A connection to a port of the machine. Where one direction ends, both do: the agent knows no other way. */
export class AgentStream extends Duplex {
  /** Whether anything came of the other side, were it only the end. */
  hasAnswered = false;
  private isFinished = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly ends: StreamEnds,
    /** Most bytes that are sent at once. */
    private readonly largest: number,
  ) {
    super({ allowHalfOpen: false, readableHighWaterMark: BUFFERED });
  }

  /** Takes what came; whether there is room for more. */
  receive(data: Buffer | null): boolean {
    this.hasAnswered = true;
    this.timer?.refresh();
    return this.push(data);
  }

  /** As a socket's: tells when nothing was read or written for so many milliseconds. */
  setTimeout(ms: number, late: () => void): this {
    clearTimeout(this.timer);
    this.timer = setTimeout(late, ms).unref();
    return this;
  }

  /** As a socket's: destroys it when all that was written has gone out. */
  destroySoon(): void {
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy()).end();
  }

  override _read(): void {
    this.ends.wanted();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.sendAll(chunk).then(() => done(), done);
  }

  override _final(done: (error?: Error) => void): void {
    this.finish().then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.timer);
    this.ends.gone();
    this.finish().catch(() => undefined);
    done(error);
  }

  private async sendAll(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; at += this.largest) {
      this.timer?.refresh();
      await this.ends.send(chunk.subarray(at, at + this.largest));
    }
  }

  private async finish(): Promise<void> {
    if (this.isFinished) return;
    this.isFinished = true;
    await this.ends.finish();
  }
}
