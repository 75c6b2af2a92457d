/** One row of cells. A wide character takes two: itself and an empty string. */
interface Row {
  cells: string[];
  /** Whether the row goes on in the next one because the line was too long. */
  wrapped: boolean;
}

const WIDE = /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff01-\uff60]/u;
const TOKEN = /\x1b\[([?]?)([\d;]*)([A-Za-z])|\x1b.|[\s\S]/gu;

/**
 * What a terminal shows of what was written to it: enough of ECMA-48 for the live tree, and strict: it throws at a
 * sequence that it does not know. Long lines wrap, lines that leave at the top are kept, and a change of width
 * reflows, as VTE, kitty, tmux and Windows Terminal do.
 */
export class Terminal {
  cursorVisible = true;
  writes: string[] = [];
  private rows: Row[] = [{ cells: [], wrapped: false }];
  private y = 0;
  private x = 0;
  private autowrap = true;

  constructor(
    public columns: number,
    public height: number,
  ) {}

  write = (text: string): void => {
    this.writes.push(text);
    for (const [token, mode, digits, final] of text.matchAll(TOKEN)) {
      if (final !== undefined) this.control(mode ?? '', digits ?? '', final);
      else if (token === '\n') this.lineFeed(false);
      else if (token === '\r') this.x = 0;
      else if (token < ' ' || token === '\x7f' || token.startsWith('\x1b'))
        throw new Error(`unexpected control ${JSON.stringify(token)}`);
      else this.put(token);
    }
  };

  /** Everything, what left at the top included. */
  get history(): string[] {
    return trimmed(this.rows.map(({ cells }) => cells.join('').trimEnd()));
  }

  /** What is on the screen now. */
  get screen(): string[] {
    return trimmed(this.rows.slice(this.top).map(({ cells }) => cells.join('').trimEnd()));
  }

  resize(columns: number, height: number): void {
    const lines: string[][] = [];
    let cursorLine = 0;
    for (const [index, { cells }] of this.rows.entries()) {
      if (index > 0 && this.rows[index - 1]!.wrapped) lines.at(-1)!.push(...cells);
      else lines.push([...cells]);
      if (index === this.y) cursorLine = lines.length - 1;
    }
    // Empty rows below the cursor are the first to go.
    while (lines.length - 1 > cursorLine && lines.at(-1)!.length === 0) lines.pop();
    this.columns = columns;
    this.height = height;
    this.rows = [];
    for (const [line, cells] of lines.entries()) {
      if (line === cursorLine) [this.y, this.x] = [this.rows.length, 0];
      for (let at = 0; at === 0 || at < cells.length; at += columns)
        this.rows.push({ cells: cells.slice(at, at + columns), wrapped: at + columns < cells.length });
    }
  }

  private get top(): number {
    return Math.max(0, this.rows.length - this.height);
  }

  private control(mode: string, digits: string, final: string): void {
    const count = Number(digits || '1');
    if (mode === '?' && digits === '25') this.cursorVisible = final === 'h';
    else if (mode === '?' && digits === '7') this.autowrap = final === 'h';
    else if (final === 'm') return;
    else if (final === 'A') this.y = Math.max(this.top, this.y - count);
    else if (final === 'K' && digits === '') this.erase(this.y + 1);
    else if (final === 'J' && digits === '') this.erase(this.rows.length);
    else throw new Error(`unexpected sequence ${mode}${digits}${final}`);
  }

  /** From the cursor to the end of the row before `end`; an erased row goes on in no other. */
  private erase(end: number): void {
    this.row.cells.length = Math.min(this.row.cells.length, this.x);
    this.row.wrapped = false;
    for (const row of this.rows.slice(this.y + 1, end)) Object.assign(row, { cells: [], wrapped: false });
  }

  private get row(): Row {
    return this.rows[this.y]!;
  }

  private lineFeed(wrapped: boolean): void {
    this.row.wrapped = wrapped;
    this.x = 0;
    this.y += 1;
    if (this.y === this.rows.length) this.rows.push({ cells: [], wrapped: false });
  }

  private put(character: string): void {
    const width = /^[\p{Mark}\u200d\ufe0f]/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
    const { cells } = this.row;
    if (width === 0) {
      cells[Math.max(0, this.x - 1)] += character;
      return;
    }
    if (this.x + width > this.columns) {
      if (this.autowrap) return (this.lineFeed(true), this.put(character));
      this.x = this.columns - width;
    }
    while (cells.length < this.x) cells.push(' ');
    cells[this.x] = character;
    if (width === 2) cells[this.x + 1] = '';
    this.x += width;
  }
}

function trimmed(lines: string[]): string[] {
  let last = lines.length;
  while (last > 0 && lines[last - 1] === '') last -= 1;
  return lines.slice(0, last);
}
