import { AgentStream } from './agent-stream';

// The first version of github.com/xtaci/smux: `frame.go`, `session.go`.
const VERSION = 1;
const COMMAND = { open: 0, end: 1, data: 2, nothing: 3 } as const;
const HEADER = 8;
const LARGEST = 32_768;

/** What carries streams. */
export interface Carrier {
  /** Resolves when there is room for more. */
  write(data: Buffer): Promise<void>;
  /** Called when a stream is full, and when it is not any more. */
  hold(isHeld: boolean): void;
}

/** Several streams over one. The client opens them, and gives them odd numbers. */
export class Smux {
  private readonly streams = new Map<number, AgentStream>();
  private readonly held = new Set<number>();
  private last = 1;
  private rest: Buffer = Buffer.alloc(0);
  /** What is still to come of a frame. */
  private open: { readonly id: number; left: number } | undefined;

  /** @param onStream called with a stream that the other side opened */
  constructor(
    private readonly carrier: Carrier,
    private readonly onStream?: (stream: AgentStream) => void,
  ) {}

  /** Opens a stream. */
  connect(): AgentStream {
    this.last += 2;
    const stream = this.add(this.last);
    this.send(COMMAND.open, this.last).catch((error: unknown) => stream.destroy(error as Error));
    return stream;
  }

  /** Says that this side is still there. */
  nothing(): void {
    this.send(COMMAND.nothing, 0).catch(() => undefined);
  }

  /** Takes bytes that came. */
  feed(data: Buffer): void {
    let bytes = this.rest.length === 0 ? data : Buffer.concat([this.rest, data]);
    for (;;) {
      const { open } = this;
      if (open) {
        const part = bytes.subarray(0, open.left);
        open.left -= part.length;
        bytes = bytes.subarray(part.length);
        if (open.left === 0) this.open = undefined;
        if (part.length > 0 && this.streams.get(open.id)?.receive(Buffer.from(part)) === false)
          this.hold(open.id, true);
      }
      if (bytes.length < HEADER) break;
      const command = bytes[1]!;
      const id = bytes.readUInt32LE(4);
      this.open = { id, left: bytes.readUInt16LE(2) };
      bytes = bytes.subarray(HEADER);
      if (command === COMMAND.open && this.onStream && !this.streams.has(id)) this.onStream(this.add(id));
      else if (command === COMMAND.end) this.streams.get(id)?.receive(null);
    }
    this.rest = Buffer.from(bytes);
  }

  /** Ends those streams on which nothing came so far. */
  refuse(reason: Error): void {
    for (const stream of this.streams.values()) if (!stream.hasAnswered) stream.destroy(reason);
  }

  /** Ends all streams. */
  destroy(reason?: Error): void {
    for (const stream of this.streams.values()) stream.destroy(reason);
  }

  private add(id: number): AgentStream {
    const ends = {
      send: (data: Buffer) => this.send(COMMAND.data, id, data),
      finish: () => this.send(COMMAND.end, id),
      wanted: () => this.hold(id, false),
      gone: () => {
        this.streams.delete(id);
        this.hold(id, false);
      },
    };
    const stream = new AgentStream(ends, LARGEST);
    this.streams.set(id, stream);
    return stream;
  }

  private hold(id: number, isHeld: boolean): void {
    const before = this.held.size > 0;
    if (isHeld) this.held.add(id);
    else this.held.delete(id);
    if (before !== this.held.size > 0) this.carrier.hold(!before);
  }

  private send(command: number, id: number, data: Buffer = Buffer.alloc(0)): Promise<void> {
    const header = Buffer.alloc(HEADER);
    header[0] = VERSION;
    header[1] = command;
    header.writeUInt16LE(data.length, 2);
    header.writeUInt32LE(id, 4);
    return this.carrier.write(Buffer.concat([header, data]));
  }
}
