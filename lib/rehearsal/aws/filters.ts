import type { Call } from './call';
import { AwsError } from './errors';
import type { Params } from './protocol/params';

/** What each filter of a describing call looks at. */
export type Facts<T> = { readonly [filter: string]: (row: T) => Fact | readonly Fact[] };
type Fact = string | number | boolean | undefined;

/** Rows that all filters of a call let through: values of one are alternatives, `*` and `?` stand for anything. */
export function filtered<T extends { readonly tags: ReadonlyMap<string, string> }>(
  { params }: Call,
  rows: readonly T[],
  facts: Facts<T>,
): readonly T[] {
  return params.structs('Filter').reduce((left, filter) => left.filter(testOf(filter, facts)), rows);
}

function testOf<T extends { readonly tags: ReadonlyMap<string, string> }>(
  filter: Params,
  facts: Facts<T>,
): (row: T) => boolean {
  const name = filter.need('Name');
  const values = filter.list('Value');
  const patterns = values.map(patternOf);
  const read = factOf(name, facts);
  return (row) =>
    [read(row)].flat().some((fact) => fact !== undefined && patterns.some((one) => one.test(String(fact))));
}

function factOf<T extends { readonly tags: ReadonlyMap<string, string> }>(
  name: string,
  facts: Facts<T>,
): Facts<T>[string] {
  if (name === 'tag-key') return ({ tags }) => [...tags.keys()];
  if (name.startsWith('tag:')) return ({ tags }) => tags.get(name.slice(4));
  const known = Object.hasOwn(facts, name) ? facts[name] : undefined;
  if (known) return known;
  throw new AwsError('InvalidParameterValue', `The filter '${name}' is invalid`);
}

/** A pattern of AWS: `\` takes the meaning from the sign after it. */
export function patternOf(pattern: string): RegExp {
  const source = pattern.replace(/\\?[\s\S]/g, (sign) => {
    if (sign === '*') return '[\\s\\S]*';
    if (sign === '?') return '[\\s\\S]';
    return sign.slice(-1).replace(/[.*+?^${}()|[\]\\/]/, '\\$&');
  });
  return new RegExp(`^${source}$`);
}

/** A page of what a describing call found. */
export function paged<T>(
  { params }: Call,
  rows: readonly T[],
): { readonly page: readonly T[]; readonly nextToken?: string } {
  const limit = params.whole('MaxResults');
  const token = params.text('NextToken');
  if (limit !== undefined && (limit < 5 || limit > 1000)) {
    throw new AwsError(
      'InvalidParameterValue',
      `Value ( ${limit} ) for parameter maxResults is invalid. Expecting a value greater than 5.`,
    );
  }
  const from = token === undefined ? 0 : Number(Buffer.from(token, 'base64').toString('latin1').replace('from ', ''));
  if (!Number.isInteger(from)) throw new AwsError('InvalidNextToken', 'The token is not valid');
  const end = limit === undefined ? rows.length : from + limit;
  const more = end < rows.length ? { nextToken: Buffer.from(`from ${end}`).toString('base64') } : {};
  return { page: rows.slice(from, end), ...more };
}
