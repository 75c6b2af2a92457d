import type { FrameLine } from './live-area';
import { truncate, widthOf } from './text';
import type { Paint } from './theme';

/** A piece of a line, painted after it was measured and cut. */
export type Span = readonly [text: string, paint?: Paint | undefined];

/** Spans from the left and a text at the right edge, cut to `columns` cells: the text at the right goes last. */
export function spanLine(columns: number, spans: readonly Span[], right = ''): FrameLine {
  const aside = truncate(right, columns);
  const room = aside === '' ? columns : columns - widthOf(aside) - 1;
  let text = '';
  let width = 0;
  for (const [span, paint] of spans) {
    if (width >= room) break;
    const cut = truncate(span, room - width);
    text += paint && cut !== '' ? paint(cut) : cut;
    width += widthOf(cut);
  }
  if (aside === '') return { text, width };
  return { text: `${text}${' '.repeat(columns - width - widthOf(aside))}${aside}`, width: columns };
}
