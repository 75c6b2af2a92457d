import { GoldsmithError } from '../errors';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a length of time such as `90s`, `250ms` or `1h30m`: Go's notation, and `d` for days. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw new GoldsmithError('INVALID_PROPS', `${JSON.stringify(text)} is no length of time`, {
      hint: 'write numbers with a unit (ms, s, m, h, d), such as `90s`, `5m` or `1h30m`',
    });
  }
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit!]!, 0);
}
