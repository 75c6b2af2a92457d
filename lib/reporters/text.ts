/** Control sequences of terminals (ECMA-48): CSI, OSC, the string commands, and plain escapes; also in their 8-bit form. */
const SEQUENCES =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c]*(?:\x1b\\|\x9c)?|\x1b[ -/]*[0-~]/g;
/** What is left that a terminal acts on, and characters that turn the direction of what follows. */
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/g;
/** Text that takes one cell a character, and of which none joins the next: told without segmenting. */
const SIMPLE = /^[\x20-\x7e\xa1-\xac\xae-\u02ff\u2010-\u2027\u2500-\u25fc\u2714\u2718\u2800-\u28ff]*$/;
const TAB = 8;

/**
 * One line as a terminal would end up showing it: what a carriage return overwrites is gone, and nothing is left
 * that could move a cursor, set a title or change a colour.
 */
export function plainLine(line: string): string {
  if (SIMPLE.test(line)) return line;
  const shown = line.includes('\r') ? lastWritten(line) : line;
  return expandTabs(shown.replace(SEQUENCES, '').replace(CONTROLS, ''));
}

/** The lines of a text, each as {@link plainLine} gives it, without an empty last one. */
export function plainLines(text: string): string[] {
  const lines = text.split('\n').map(plainLine);
  while (lines.length > 0 && lines.at(-1) === '') lines.pop();
  return lines;
}

function lastWritten(line: string): string {
  const parts = line.split('\r').filter((part) => part !== '');
  return parts.at(-1) ?? '';
}

function expandTabs(line: string): string {
  if (!line.includes('\t')) return line;
  let out = '';
  for (const [index, part] of line.split('\t').entries()) {
    if (index > 0) out += ' '.repeat(TAB - (widthOf(out) % TAB));
    out += part;
  }
  return out;
}

/** How many cells of a terminal a text takes. */
export function widthOf(text: string): number {
  if (SIMPLE.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += cells(segment);
  return width;
}

/** `text`, cut to `width` cells; where something is cut off, it ends in `…`. */
export function truncate(text: string, width: number): string {
  if (width <= 0) return '';
  if (SIMPLE.test(text)) return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
  if (widthOf(text) <= width) return text;
  let out = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const next = cells(segment);
    if (used + next > width - 1) break;
    out += segment;
    used += next;
  }
  return `${out}…`;
}

/** `text` with spaces after it, up to `width` cells. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** `text` with spaces before it, up to `width` cells. */
export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text;
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
const EMOJI = /^\p{Emoji_Presentation}|^\p{Extended_Pictographic}\ufe0f|^[\d#*]\ufe0f?\u20e3/u;
const INVISIBLE = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]+$/u;
/** Wide and fullwidth blocks of Unicode's EastAsianWidth.txt (UAX #11). */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6b],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18cff],
  [0x1b000, 0x1b2ff],
  [0x20000, 0x3fffd],
];

function cells(grapheme: string): number {
  const code = grapheme.codePointAt(0) ?? 0;
  if (code < 0x300) return grapheme.length > 1 && EMOJI.test(grapheme) ? 2 : code < 0x20 ? 0 : 1;
  if (INVISIBLE.test(grapheme)) return 0;
  if (EMOJI.test(grapheme)) return 2;
  return WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}
