import { amounts } from './milestones';
import type { Span } from './spans';
import { padEnd, truncate } from './text';
import type { Theme } from './theme';
import type { Transfer } from './transfers';
import { formatBytes } from './units';

const BAR = 16;
const LABEL = 24;

/** A transfer as a line: label, bar, amounts and rate; what does not fit goes first from the right. */
export function transferSpans(transfer: Transfer, columns: number, theme: Theme): Span[] {
  const { label, current, total, rate, unit } = transfer;
  const spans: Span[] = [[`${padEnd(truncate(label, LABEL), Math.min(LABEL, Math.floor(columns / 3)))} `]];
  if (total !== undefined && total > 0 && columns >= 60) {
    const done = Math.round(BAR * Math.min(1, current / total));
    spans.push(['━'.repeat(done), theme.busy], ['━'.repeat(BAR - done), theme.dim], [' ']);
  }
  if (total !== undefined && total > 0) spans.push([`${String(Math.floor((100 * current) / total)).padStart(3)}% `]);
  spans.push([amounts(transfer), theme.dim]);
  if (rate !== undefined) spans.push([` ${unit === 'bytes' ? formatBytes(rate) : Math.round(rate)}/s`, theme.dim]);
  return spans;
}
