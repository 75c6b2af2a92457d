import { canonical } from '../plan/digest';
import { isObject } from '../plan/json';
import { isLate } from '../plan/late';

/** One place in which something is not as expected. */
export interface Mismatch {
  readonly path: readonly (string | number)[];
  /** What was expected there. */
  readonly expected: string;
}

/** An expectation that is more than a value. Made by {@link Match}. */
export abstract class Matcher {
  /** @internal what of `actual` is not as expected */
  abstract mismatches(actual: unknown, path: Mismatch['path']): readonly Mismatch[];
  /** What is expected, for messages. */
  abstract describe(): string;
}

/**
 * Expectations for {@link PlanAssert}. A plain object expects its keys and ignores others; a plain array expects as many elements,
 * each as given.
 */
export const Match = {
  /** Any value, but there must be one. */
  anyValue: (): Matcher => new AnyValue(),
  /** No value: the key is not there. */
  absent: (): Matcher => new Absent(),
  /** Exactly this: no other keys, anywhere in it. */
  exact: (expected: unknown): Matcher => new Exact(expected),
  /** An array that has elements like these, in this order, and may have others. */
  arrayWith: (expected: readonly unknown[]): Matcher => new ArrayWith(expected),
  /** A string of this form: `*` stands for any text, as in `*nginx*`; or a regular expression that finds something in it. */
  stringLike: (pattern: string | RegExp): Matcher => new StringLike(pattern),
  /** Anything but this. */
  not: (expected: unknown): Matcher => new Not(expected),
} as const;

/** Where `actual` is not as `expected`; nowhere where it is. */
export function mismatches(expected: unknown, actual: unknown, path: Mismatch['path'] = []): readonly Mismatch[] {
  if (expected instanceof Matcher) return expected.mismatches(actual, path);
  if (isLate(expected)) return mismatches(expected.toPlan(), actual, path);
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return [{ path, expected: show(expected) }];
    const length =
      expected.length === actual.length
        ? []
        : [{ path, expected: `${expected.length} elements, and there are ${actual.length}` }];
    return [...length, ...expected.flatMap((item, index) => mismatches(item, actual[index], [...path, index]))];
  }
  if (isObject(expected)) {
    if (!isObject(actual)) return [{ path, expected: show(expected) }];
    return Object.entries(expected).flatMap(([key, value]) =>
      value === undefined ? [] : mismatches(value, actual[key], [...path, key]),
    );
  }
  return Object.is(expected, actual) ? [] : [{ path, expected: show(expected) }];
}

/** An expectation as text. */
export function show(expected: unknown): string {
  if (expected instanceof Matcher) return expected.describe();
  if (isLate(expected)) return canonical(expected.toPlan());
  if (Array.isArray(expected)) return `[${expected.map(show).join(', ')}]`;
  if (isObject(expected)) {
    const entries = Object.entries(expected).map(([key, value]) => `${key}: ${show(value)}`);
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  }
  return JSON.stringify(expected) ?? 'undefined';
}

class AnyValue extends Matcher {
  mismatches(actual: unknown, path: Mismatch['path']): readonly Mismatch[] {
    return actual === undefined || actual === null ? [{ path, expected: this.describe() }] : [];
  }

  describe(): string {
    return 'any value';
  }
}

class Absent extends Matcher {
  mismatches(actual: unknown, path: Mismatch['path']): readonly Mismatch[] {
    return actual === undefined ? [] : [{ path, expected: this.describe() }];
  }

  describe(): string {
    return 'nothing here';
  }
}

class Exact extends Matcher {
  constructor(private readonly expected: unknown) {
    super();
  }

  mismatches(actual: unknown, path: Mismatch['path']): readonly Mismatch[] {
    const expected = isLate(this.expected) ? this.expected.toPlan() : this.expected;
    const same = actual !== undefined && canonical(expected) === canonical(actual);
    return same ? [] : [{ path, expected: this.describe() }];
  }

  describe(): string {
    return `exactly ${show(this.expected)}`;
  }
}

class ArrayWith extends Matcher {
  constructor(private readonly expected: readonly unknown[]) {
    super();
  }

  mismatches(actual: unknown, path: Mismatch['path']): readonly Mismatch[] {
    if (!Array.isArray(actual)) return [{ path, expected: this.describe() }];
    let from = 0;
    for (const item of this.expected) {
      const found = actual.findIndex((one, index) => index >= from && mismatches(item, one).length === 0);
      if (found < 0) {
        const after = from === 0 ? '' : ` after element ${from - 1}`;
        return [{ path, expected: `an element like ${show(item)}${after}` }];
      }
      from = found + 1;
    }
    return [];
  }

  describe(): string {
    return `an array with ${show(this.expected)}`;
  }
}

/** @internal */
export class StringLike extends Matcher {
  private readonly expression: RegExp;

  constructor(private readonly pattern: string | RegExp) {
    super();
    const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    this.expression =
      typeof pattern === 'string' ? new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`, 's') : pattern;
  }

  mismatches(actual: unknown, path: Mismatch['path']): readonly Mismatch[] {
    // `search` starts at the beginning also where the expression is a global one.
    const found = typeof actual === 'string' && actual.search(this.expression) >= 0;
    return found ? [] : [{ path, expected: this.describe() }];
  }

  describe(): string {
    return `a string like ${typeof this.pattern === 'string' ? JSON.stringify(this.pattern) : String(this.pattern)}`;
  }
}

class Not extends Matcher {
  constructor(private readonly expected: unknown) {
    super();
  }

  mismatches(actual: unknown, path: Mismatch['path']): readonly Mismatch[] {
    return mismatches(this.expected, actual).length > 0 ? [] : [{ path, expected: this.describe() }];
  }

  describe(): string {
    return `not ${show(this.expected)}`;
  }
}
