import { createHash } from 'node:crypto';

/** Random numbers from a seed: the same seed gives the same rehearsal. */
export interface Dice {
  /** A number from 0 up to, and without, 1. */
  next(): number;
  /** Hexadecimal digits. */
  hex(length: number): string;
}

/** Dice that a seed decides: each throw is a hash of the seed and of how many there were before it. */
export function dice(seed: string): Dice {
  let throws = 0;
  const bytes = (): Buffer => createHash('sha256').update(`${seed} ${throws++}`).digest();
  return {
    next: () => bytes().readUInt32BE(0) / 2 ** 32,
    hex: (length) => bytes().toString('hex').slice(0, length),
  };
}
