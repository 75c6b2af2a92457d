/** A line of the result: a figure, and what it must not exceed. */
export interface Row {
  readonly what: string;
  readonly figure: number;
  readonly unit: 's' | 'MB' | 'µs' | '×' | '';
  /** The most it may be; undefined for a figure that stands for itself. */
  readonly limit?: number;
}

const rows: Row[] = [];

/** Prints a line at once and remembers it. */
export function add(row: Row): void {
  rows.push(row);
  const within =
    row.limit === undefined ? '' : row.figure <= row.limit ? `at most ${row.limit}  ok` : `at most ${row.limit}  OVER`;
  process.stdout.write(
    `${row.what.padEnd(72)} ${row.figure.toFixed(row.unit === 'MB' ? 0 : 3).padStart(9)} ${row.unit.padEnd(2)} ${within}\n`,
  );
}

/** How many lines are over their limit. */
export function over(): number {
  return rows.filter(({ figure, limit }) => limit !== undefined && figure > limit).length;
}

/** All lines. */
export function all(): readonly Row[] {
  return rows;
}
