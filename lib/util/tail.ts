const MAX_LINE = 4096;

/** Keeps the last lines of what is pushed, in bounded memory: what an error shows of a command's output. */
export class Tail {
  private lines: string[] = [];
  private open = '';

  constructor(private readonly limit = 20) {}

  /** Takes a piece of output, cut anywhere. */
  push(text: string): void {
    const parts = (this.open + text).split('\n');
    this.open = clip(parts.pop() ?? '');
    this.lines.push(...parts.slice(-this.limit).map((line) => clip(line.replace(/\r$/, ''))));
    if (this.lines.length > this.limit) this.lines = this.lines.slice(-this.limit);
  }

  /** The last lines, joined; empty where nothing was printed. */
  toString(): string {
    return [...this.lines, ...(this.open === '' ? [] : [this.open])].slice(-this.limit).join('\n');
  }
}

/** Cut between two words: half a secret would not be recognised as one. */
function clip(line: string): string {
  return line.length > MAX_LINE ? line.slice(-MAX_LINE).replace(/^\S*/, '…') : line;
}
