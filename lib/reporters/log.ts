import { plainLine } from './text';

/** Longest line that is kept together: more of it starts another one. */
const LONGEST = 16_384;

/** What wrote a line. */
export type LineKind = 'stdout' | 'stderr' | 'info' | 'warning' | 'error';

/** One line of a log, without anything that a terminal would act on. */
export interface LogLine {
  readonly text: string;
  readonly kind: LineKind;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** Puts lines together from output that comes in pieces, one for each stream. */
export class LineSplitter {
  private readonly rest = { stdout: '', stderr: '' };

  /** The lines that `text` completes. */
  push(text: string, stream: 'stdout' | 'stderr'): string[] {
    const parts = (this.rest[stream] + text).split('\n');
    let rest = parts.pop() ?? '';
    while (rest.length > LONGEST) {
      parts.push(rest.slice(0, LONGEST));
      rest = rest.slice(LONGEST);
    }
    this.rest[stream] = rest;
    return parts.map(plainLine);
  }

  /** The unfinished line of a stream, as it stands. */
  partial(stream: 'stdout' | 'stderr'): string {
    return plainLine(this.rest[stream]);
  }

  /** Ends unfinished lines and gives them back. */
  flush(): { readonly text: string; readonly stream: 'stdout' | 'stderr' }[] {
    const left = (['stdout', 'stderr'] as const).map((stream) => ({ text: this.partial(stream), stream }));
    this.rest.stdout = '';
    this.rest.stderr = '';
    return left.filter(({ text }) => text !== '');
  }
}

/** How much of a log is kept: its beginning and its end. */
export interface LogLimits {
  readonly first: number;
  readonly last: number;
}

/** A log that keeps its first and its last lines, and counts those between them. */
export class Log {
  private readonly head: LogLine[] = [];
  private tail: LogLine[] = [];
  private lines = 0;

  constructor(private readonly limits: LogLimits) {}

  add(line: LogLine): void {
    this.lines += 1;
    if (this.head.length < this.limits.first) this.head.push(line);
    else {
      this.tail.push(line);
      // Cut only now and then: shifting an array for each line would cost more than the line.
      if (this.tail.length > 2 * this.limits.last + 64) this.tail = this.tail.slice(-this.limits.last);
    }
  }

  /** How many lines there were, kept or not. */
  get count(): number {
    return this.lines;
  }

  /** The kept beginning. */
  get first(): readonly LogLine[] {
    return this.head;
  }

  /** The kept end, which does not overlap the beginning. */
  get last(): readonly LogLine[] {
    return this.tail.slice(Math.max(0, this.tail.length - this.limits.last));
  }

  /** How many lines between them are gone. */
  get omitted(): number {
    return this.lines - this.first.length - this.last.length;
  }

  /** The last `count` of the kept lines. */
  ending(count: number): readonly LogLine[] {
    if (count <= 0) return [];
    const last = this.tail.slice(-Math.min(count, Math.max(1, this.limits.last)));
    return last.length >= count ? last : [...this.head.slice(-(count - last.length)), ...last];
  }
}
