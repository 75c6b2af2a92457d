import { createHash } from 'node:crypto';

/** Numbers from 0 to below 1 that a seed repeats: the same seed, the same numbers. */
export interface Seeded {
  next(): number;
  /** One of some. */
  pick<T>(values: readonly T[]): T;
}

/** A source of such numbers. */
export function seeded(seed: number): Seeded {
  let count = 0;
  const next = (): number => chance(`${seed}/${(count += 1)}`);
  return {
    next,
    pick: (values) => {
      if (values.length === 0) throw new Error('there is nothing to pick from');
      return values[Math.floor(next() * values.length)]!;
    },
  };
}

/** The number, from 0 to below 1, of a name: what comes in any order has each its own. */
export function chance(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0) / 2 ** 32;
}
