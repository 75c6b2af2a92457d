import { padEnd, padStart, truncate, widthOf } from './text';
import type { Paint } from './theme';

/** A cell: a text, and how to paint it. Painting comes after measuring, since colours take no room. */
export interface Cell {
  readonly text: string;
  readonly paint?: Paint | undefined;
  /** @default 'left' */
  readonly align?: 'left' | 'right';
}

/**
 * Rows with aligned columns, two spaces apart. The last cell of a row takes what room is left of `columns`; without
 * `columns` nothing is cut off.
 */
export function tableLines(rows: readonly (readonly Cell[])[], columns?: number): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, { text }] of row.slice(0, -1).entries()) {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(text));
    }
  }
  return rows.map((row) => rowLine(row, widths, columns));
}

function rowLine(row: readonly Cell[], widths: readonly number[], columns: number | undefined): string {
  const parts: string[] = [];
  let used = 0;
  for (const [index, { text, paint, align }] of row.entries()) {
    const room = columns === undefined ? Infinity : columns - used;
    const width = index === row.length - 1 ? 0 : Math.min(widths[index] ?? 0, room);
    const cut = truncate(text, room);
    const fitted = align === 'right' ? padStart(cut, width) : padEnd(cut, width);
    parts.push(paint && fitted.trim() !== '' ? paint(fitted) : fitted);
    used += widthOf(fitted) + 2;
    if (used >= (columns ?? Infinity)) break;
  }
  return parts.join('  ').trimEnd();
}
