import type { Output } from './reporter';

/** A terminal's size in cells. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** One line of a frame: what is shown, and the cells it takes. */
export interface FrameLine {
  /** With colours; has no line feed and moves no cursor. */
  readonly text: string;
  readonly width: number;
}

// ECMA-48 and DEC private modes, as xterm's ctlseqs lists them.
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
/** Without automatic wrapping a line that is wider than we thought cannot push the frame down. */
const NO_WRAP = '\x1b[?7l';
const WRAP = '\x1b[?7h';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/**
 * The lines at the bottom of a terminal that are drawn again and again, while others are printed above them for
 * good. Each draw is one write, and only lines that changed are in it.
 */
export class LiveArea {
  private shown: readonly FrameLine[] = [];
  private at: TerminalSize;
  private open = false;

  constructor(
    private readonly output: Output,
    private readonly size: () => TerminalSize,
  ) {
    this.at = size();
  }

  /**
   * Prints `above` for good and shows `frame` below it. A frame has fewer lines than the terminal.
   *
   * @param above lines without a line feed; the terminal wraps those that are too long
   */
  draw(above: readonly string[], frame: readonly FrameLine[]): void {
    const now = this.size();
    const resized = now.columns !== this.at.columns || now.rows !== this.at.rows;
    const text = resized || above.length > 0 ? this.rewrite(above, frame, now) : this.change(frame);
    this.shown = frame;
    this.at = now;
    if (text === '') return;
    this.output.write(`${this.open ? '' : HIDE_CURSOR}${text}`);
    this.open = true;
  }

  /** Takes the frame away, prints `above`, and leaves the terminal as it was found. May be drawn on again. */
  close(above: readonly string[] = []): void {
    const text = this.shown.length > 0 || above.length > 0 ? this.rewrite(above, [], this.size()) : '';
    this.shown = [];
    if (text !== '' || this.open) this.output.write(`${text}${this.open ? SHOW_CURSOR : ''}`);
    this.open = false;
  }

  private rewrite(above: readonly string[], frame: readonly FrameLine[], now: TerminalSize): string {
    return [
      up(this.height(now)),
      CLEAR_BELOW,
      ...above.map((line) => `${line}\n`),
      NO_WRAP,
      ...frame.map(({ text }) => `${text}\n`),
      WRAP,
    ].join('');
  }

  /** Rows that the shown frame takes now: a terminal that became narrower has wrapped its lines anew. */
  private height({ columns, rows }: TerminalSize): number {
    const wrapped = this.shown.map(({ width }) => (columns < this.at.columns ? Math.ceil(width / columns) || 1 : 1));
    return Math.min(
      wrapped.reduce((sum, lines) => sum + lines, 0),
      Math.max(0, rows - 1),
    );
  }

  private change(frame: readonly FrameLine[]): string {
    const { shown } = this;
    const first = frame.findIndex(({ text }, index) => text !== shown[index]?.text);
    const from = first === -1 ? frame.length : first;
    if (first === -1 && frame.length === shown.length) return '';
    const parts = [up(shown.length - from), NO_WRAP];
    for (let index = from; index < frame.length; index += 1) {
      const { text } = frame[index]!;
      // A line feed, not a cursor movement: below the last shown line it has to scroll.
      parts.push(text === shown[index]?.text ? '\n' : `${CLEAR_LINE}${text}\n`);
    }
    parts.push(WRAP, frame.length < shown.length ? CLEAR_BELOW : '');
    return parts.join('');
  }
}

function up(rows: number): string {
  return rows > 0 ? `\r\x1b[${rows}A` : '\r';
}
