import type { Clock } from '../../extension/context';
import { acknowledgement, encodeMessage, PAYLOAD, type AgentMessage } from './message';
import { RoundTrip } from './round-trip';

/** What carries messages; it may break, and another take its place. */
export interface Wire {
  send(message: Buffer): void;
}

/** One that was sent, and of which the other side has not said that it came. */
interface Sent {
  readonly bytes: Buffer;
  readonly first: number;
  last: number;
  times: number;
}

// The plugin's own numbers: `src/config/config.go` of github.com/aws/session-manager-plugin.
const PIECE = 1024;
const LOOK = 100;
const GIVE_UP = 300_000;
const EARLY = 10_000;
/** Messages on their way: at 100 ms there and back, somewhat more than the one a millisecond that the plugin sends. */
const WINDOW = 256;
/** How many of those that were lost are sent again at a time. */
const AGAIN = 8;
/** How long nothing may come while an answer is waited for until the wire counts as broken, in milliseconds. */
const SILENT = 20_000;

/** How {@link Messages} tells what happens. */
export interface MessageEvents {
  /** Something came, in its turn. */
  readonly onPayload: (type: number, payload: Buffer) => void;
  /** The wire seems to be broken. */
  readonly onSilence: () => void;
  /** The other side takes nothing any more. */
  readonly onDead: () => void;
}

/** Messages in order over a wire that may lose them: each is acknowledged, and sent again where that does not happen. Either side's. */
export class Messages {
  private wire: Wire | undefined;
  private readonly unacknowledged = new Map<number, Sent>();
  private readonly early = new Map<number, AgentMessage>();
  private readonly waiting: (() => void)[] = [];
  private readonly trip = new RoundTrip();
  private readonly ended = new AbortController();
  private before: Promise<void> = Promise.resolve();
  private sequence = 0;
  private expected = 0;
  private heard = 0;
  private paused = false;
  private isLooking = false;
  private isDelivering = false;
  private isHeld = false;

  constructor(
    private readonly sends: 'input_stream_data' | 'output_stream_data',
    private readonly clock: Clock,
    private readonly events: MessageEvents,
  ) {}

  /** Goes on over a new wire: what was not acknowledged is sent again. */
  attach(wire: Wire): void {
    this.wire = wire;
    this.paused = false;
    this.heard = this.clock.now();
    for (const sent of this.unacknowledged.values()) this.emit(sent);
  }

  /** Waits for a new wire. */
  detach(): void {
    this.wire = undefined;
  }

  /** Sends bytes, in pieces, after those of earlier calls. Resolves when all of them are on their way; what does not fit waits. */
  write(data: Buffer): Promise<void> {
    const written = this.before.then(() => this.writeNow(data));
    this.before = written.catch(() => undefined);
    return written;
  }

  /** Sends one payload, at once. */
  send(payloadType: number, payload: Buffer): void {
    if (this.ended.signal.aborted) return;
    const now = this.clock.now();
    const sequence = this.sequence++;
    const bytes = encodeMessage({ type: this.sends, createdAt: now, sequence, payloadType, payload });
    const sent = { bytes, first: now, last: now, times: 0 };
    this.unacknowledged.set(sequence, sent);
    this.emit(sent);
    if (!this.isLooking) void this.look();
  }

  /** Takes what came. */
  take(message: AgentMessage): void {
    this.heard = this.clock.now();
    switch (message.type) {
      case 'acknowledge':
        this.acknowledged(message);
        break;
      case 'pause_publication':
        this.paused = true;
        break;
      case 'start_publication':
        this.goOn();
        break;
      case this.sends === 'input_stream_data' ? 'output_stream_data' : 'input_stream_data':
        this.received(message);
        break;
    }
  }

  /** What comes waits without being acknowledged, so that the other side does; acknowledgements of what was sent are taken all the same. */
  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
    this.deliver();
  }

  /** Sends nothing any more. */
  end(reason: Error): void {
    this.ended.abort(reason);
    this.wire = undefined;
    this.unacknowledged.clear();
    this.goOn();
  }

  private async writeNow(data: Buffer): Promise<void> {
    for (let at = 0; at < data.length; at += PIECE) {
      while (this.isFull && !this.ended.signal.aborted) {
        await new Promise<void>((resolve) => this.waiting.push(resolve));
      }
      this.ended.signal.throwIfAborted();
      this.send(PAYLOAD.data, data.subarray(at, at + PIECE));
    }
  }

  private get isFull(): boolean {
    return this.paused || this.unacknowledged.size >= WINDOW;
  }

  private emit(sent: Sent): void {
    if (!this.wire) return;
    sent.times += 1;
    sent.last = this.clock.now();
    this.wire.send(sent.bytes);
  }

  private acknowledged({ payload }: AgentMessage): void {
    const content = JSON.parse(payload.toString('utf8')) as { readonly AcknowledgedMessageSequenceNumber?: number };
    const sequence = content.AcknowledgedMessageSequenceNumber ?? -1;
    const sent = this.unacknowledged.get(sequence);
    if (!sent) return;
    // Of one that was sent twice nobody knows which of them is meant.
    if (sent.times === 1) this.trip.took(this.clock.now() - sent.last);
    this.unacknowledged.delete(sequence);
    this.goOn();
  }

  private received(message: AgentMessage): void {
    const { sequence } = message;
    // One that is late was acknowledged before, and that was lost.
    if (sequence < this.expected) this.acknowledge(message);
    if (sequence < this.expected || this.early.size >= EARLY) return;
    if (sequence > this.expected && !this.isHeld) this.acknowledge(message);
    this.early.set(sequence, message);
    this.deliver();
  }

  private deliver(): void {
    if (this.isDelivering) return;
    this.isDelivering = true;
    while (!this.isHeld) {
      const next = this.early.get(this.expected);
      if (!next) break;
      this.early.delete(this.expected);
      this.expected += 1;
      this.acknowledge(next);
      this.events.onPayload(next.payloadType, next.payload);
    }
    this.isDelivering = false;
  }

  private acknowledge(message: AgentMessage): void {
    this.wire?.send(acknowledgement(message, this.clock.now()));
  }

  private goOn(): void {
    this.paused = false;
    for (const resume of this.waiting.splice(0)) resume();
  }

  /** Looks after those that were not acknowledged, as long as there are some. */
  private async look(): Promise<void> {
    this.isLooking = true;
    const { clock, unacknowledged } = this;
    const { signal } = this.ended;
    while (unacknowledged.size > 0 && !signal.aborted) {
      await clock.sleep(LOOK, signal).catch(() => undefined);
      if (!this.wire) continue;
      const now = clock.now();
      const [oldest] = unacknowledged.values();
      if (oldest && now - oldest.first > GIVE_UP) this.events.onDead();
      else if (oldest && oldest.times > 1 && now - Math.max(this.heard, oldest.first) > SILENT) this.events.onSilence();
      const overdue = [...unacknowledged.values()].filter(({ last }) => now - last > this.trip.patience);
      for (const sent of overdue.slice(0, AGAIN)) this.emit(sent);
    }
    this.isLooking = false;
  }
}
