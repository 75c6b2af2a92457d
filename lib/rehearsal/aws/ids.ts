import { createHash } from 'node:crypto';
import type { Dice } from '../dice';

/** An id that follows from a text, for what is there from the beginning: the same in each rehearsal. */
export function fixedId(prefix: string, of: string): string {
  return `${prefix}-${createHash('sha256').update(of).digest('hex').slice(0, 17)}`;
}

/** A UUID from dice. */
export function uuid(from: Dice): string {
  const hex = from.hex(32);
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
