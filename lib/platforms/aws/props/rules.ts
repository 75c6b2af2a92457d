import type { Rule } from '../../../extension/props';

/** Rule: one prop makes sense only with another. */
export function needs(name: string, ...others: readonly string[]): Rule {
  return (given) =>
    given[name] === undefined || given[name] === false || others.some((other) => given[other] !== undefined)
      ? undefined
      : `\`${name}\` needs ${others.map((other) => `\`${other}\``).join(' or ')}`;
}

/** Whether a value is a list that holds something. */
export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0;
}
