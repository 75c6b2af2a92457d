import type { Scope } from './scope';
import { Hash, keyOf, listOf, PsError, ScriptBlock, text, truth } from './values';

/** Runs what stands in braces. */
export interface Caller {
  run(block: ScriptBlock, args: readonly unknown[]): Promise<unknown>;
}

/** An operator between two values; the right one is asked for only where it is needed. */
export async function binary(op: string, left: unknown, right: () => Promise<unknown>, scope: Scope): Promise<unknown> {
  const name = op.replace(
    /^-[ci]?(?=(eq|ne|gt|ge|lt|le|like|notlike|match|notmatch|replace|contains|split|join|not|in)\b)/,
    '-',
  );
  if (name === '-and') return truth(left) && truth(await right());
  if (name === '-or') return truth(left) || truth(await right());
  const other = await right();
  if (Array.isArray(left) && /^-(eq|ne|gt|ge|lt|le|like|notlike|match|notmatch)$/.test(name)) {
    const kept: unknown[] = [];
    for (const one of left) if (truth(await binary(op, one, () => Promise.resolve(other), scope))) kept.push(one);
    return kept;
  }
  switch (name) {
    case '+':
      if (Array.isArray(left)) return [...(left as unknown[]), ...listOf(other)];
      if (typeof left === 'number') return left + Number(other);
      return text(left) + text(other);
    case '-':
      return Number(left) - Number(other);
    case '*':
      return typeof left === 'string' ? left.repeat(Number(other)) : Number(left) * Number(other);
    case '/':
      return Number(left) / Number(other);
    case '%':
      return Number(left) % Number(other);
    case '..':
      return Array.from({ length: Number(other) - Number(left) + 1 }, (_, index) => Number(left) + index);
    case '-f':
      return text(left).replace(/\{(\d+)[^}]*\}/g, (_all, index: string) => text(listOf(other)[Number(index)]));
    case '-band':
      return Number(left) & Number(other);
    case '-bor':
      return Number(left) | Number(other);
    case '-xor':
      return truth(left) !== truth(other);
    case '-eq':
      return same(left, other);
    case '-ne':
      return !same(left, other);
    case '-gt':
      return Number(left) > Number(other);
    case '-ge':
      return Number(left) >= Number(other);
    case '-lt':
      return Number(left) < Number(other);
    case '-le':
      return Number(left) <= Number(other);
    case '-like':
    case '-notlike':
      return wildcard(text(other)).test(text(left)) === (name === '-like');
    case '-match':
    case '-notmatch':
      return new RegExp(text(other), 'i').test(text(left)) === (name === '-match');
    case '-replace': {
      const [pattern, by = ''] = listOf(other).map(text);
      return text(left).replace(new RegExp(pattern!, 'gi'), by);
    }
    case '-split':
      return text(left).split(new RegExp(text(other), 'i'));
    case '-join':
      return listOf(left).map(text).join(text(other));
    case '-contains':
      return listOf(left).some((one) => same(one, other));
    case '-notcontains':
      return !listOf(left).some((one) => same(one, other));
    case '-in':
      return listOf(other).some((one) => same(one, left));
    case '-as':
      return left;
    default:
      throw new PsError(`the operator ${op} is not known`);
  }
}

function same(left: unknown, right: unknown): boolean {
  if (left === null || left === undefined) return right === null || right === undefined;
  if (typeof left === 'number') return left === Number(right);
  if (typeof left === 'boolean') return left === truth(right);
  return text(left).toLowerCase() === text(right).toLowerCase();
}

function wildcard(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'is');
}

/** Reads a property. */
export function member(of: unknown, name: string): unknown {
  const key = name.toLowerCase();
  if (of === null || of === undefined) return null;
  if (typeof of === 'string' || of instanceof Uint8Array) return key === 'length' || key === 'count' ? of.length : null;
  if (Array.isArray(of)) {
    if (key === 'length' || key === 'count') return of.length;
    return (of as unknown[]).map((one) => member(one, name));
  }
  if (of instanceof Hash && of.ContainsKey(name)) return of.read(name);
  if (typeof of !== 'object') return key === 'count' ? 1 : null;
  const found = keyOf(of, name);
  return found === undefined ? (key === 'count' ? 1 : null) : (Reflect.get(of, found) as unknown);
}

/** Calls a method. */
export async function invoke(of: unknown, name: string, args: readonly unknown[], caller: Caller): Promise<unknown> {
  if (of === null || of === undefined) throw new PsError('You cannot call a method on a null-valued expression.');
  if (/^tostring$/i.test(name) && args.length === 0) return text(of);
  if (of instanceof ScriptBlock && /^invoke(returnasis)?$/i.test(name)) return caller.run(of, args);
  if (typeof of === 'string') return ofText(of, name.toLowerCase(), args);
  const key = typeof of === 'object' ? keyOf(of, name) : undefined;
  const method = key === undefined ? undefined : (Reflect.get(of as object, key) as unknown);
  if (typeof method !== 'function')
    throw new PsError(`Method invocation failed because it does not contain a method named '${name}'.`);
  return (await (method.apply(of, [...args]) as unknown)) ?? null;
}

function ofText(of: string, name: string, args: readonly unknown[]): unknown {
  const [first, second] = args;
  switch (name) {
    case 'substring':
      return second === undefined ? of.slice(Number(first)) : of.slice(Number(first), Number(first) + Number(second));
    case 'replace':
      return of.replaceAll(text(first), text(second));
    case 'tolower':
      return of.toLowerCase();
    case 'toupper':
      return of.toUpperCase();
    case 'trim':
      return of.trim();
    case 'trimend':
      return of.trimEnd();
    case 'split':
      return of.split(text(first));
    case 'startswith':
      return of.startsWith(text(first));
    case 'endswith':
      return of.endsWith(text(first));
    case 'contains':
      return of.includes(text(first));
    case 'indexof':
      return of.indexOf(text(first));
    default:
      throw new PsError(`Method invocation failed because [System.String] does not contain a method named '${name}'.`);
  }
}
