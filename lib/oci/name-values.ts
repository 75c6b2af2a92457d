import { splitWords } from './words';

/** A name and its value, both as they were written. */
export type NameValue = readonly [name: string, value: string];

/** What ENV and LABEL take: `a=b "c d"=e`, or the old form `a b c` which sets `a` to `b c`. */
export function splitNameValues(rest: string): readonly NameValue[] {
  const words = splitWords(rest);
  const [first = ''] = words;
  if (!first.includes('=')) return [oldForm(first, rest)];
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 1) throw new Error(`\`${word}\` is no NAME=VALUE`);
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
}

function oldForm(name: string, rest: string): NameValue {
  const value = /\s+(.+)$/s.exec(rest.trim())?.[1];
  if (value === undefined) throw new Error(`\`${name}\` has no value; NAME=VALUE is needed`);
  return [name, value];
}
