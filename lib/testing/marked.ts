import { isObject } from '../plan/json';
import type { Mismatch } from './match';

const LONGEST = 120;
const MARK = ' ◀── expected ';

/** A value as indented JSON, with a mark at every place that is not as expected. */
export function marked(value: unknown, wrong: readonly Mismatch[]): string {
  return lines(value, wrong, [], '').join('\n');
}

function lines(value: unknown, wrong: readonly Mismatch[], path: Mismatch['path'], label: string): string[] {
  const here = wrong.filter((one) => same(one.path, path)).map(({ expected }) => expected);
  const mark = here.length > 0 ? `${MARK}${here.join(', and ')}` : '';
  if (Array.isArray(value) && value.length > 0) {
    const items = value.flatMap((item, index) => lines(item, wrong, [...path, index], ''));
    return [`${label}[${mark}`, ...indent([...items, ...missing(value, wrong, path)]), ']'];
  }
  if (isObject(value) && (Object.keys(value).length > 0 || missing(value, wrong, path).length > 0)) {
    const entries = Object.entries(value).flatMap(([key, entry]) =>
      entry === undefined ? [] : lines(entry, wrong, [...path, key], `${key}: `),
    );
    return [`${label}{${mark}`, ...indent([...entries, ...missing(value, wrong, path)]), '}'];
  }
  return [`${label}${short(value)}${mark}`];
}

/** What is expected in a value and not there at all. */
function missing(value: object, wrong: readonly Mismatch[], path: Mismatch['path']): string[] {
  return wrong.flatMap(({ path: at, expected }) => {
    const key = at[path.length];
    if (key === undefined || !same(at.slice(0, path.length), path)) return [];
    const there = (value as Readonly<Record<string | number, unknown>>)[key] !== undefined;
    return there ? [] : [`${at.slice(path.length).join('.')}: (missing)${MARK}${expected}`];
  });
}

function same(a: Mismatch['path'], b: Mismatch['path']): boolean {
  return a.length === b.length && a.every((key, index) => key === b[index]);
}

function indent(all: readonly string[]): string[] {
  return all.map((line) => `  ${line}`);
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
