import { createHash } from 'node:crypto';
import type { Json } from './json';

/**
 * JSON with sorted keys and no white space: equal values give equal text, whatever the order of their keys.
 * Keys whose value is undefined are left out, as in JSON.stringify.
 */
export function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  // What is in order already is left to the engine, which is several times as fast.
  return isSorted(value) ? JSON.stringify(value) : canonicalObject(value);
}

function isSorted(value: object): boolean {
  let before: string | undefined;
  const isList = Array.isArray(value);
  for (const key of Object.keys(value)) {
    if (!isList && before !== undefined && key < before) return false;
    before = key;
    const entry = (value as Readonly<Record<string, unknown>>)[key];
    if (typeof entry === 'object' && entry !== null && !isSorted(entry)) return false;
  }
  return true;
}

function canonicalObject(value: object): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const object = value as Record<string, unknown>;
  const parts: string[] = [];
  for (const key of Object.keys(object).sort()) {
    if (object[key] !== undefined) parts.push(`${JSON.stringify(key)}:${canonical(object[key])}`);
  }
  return `{${parts.join(',')}}`;
}

/** sha256 in hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The digest of a JSON value: of its meaning, not of how it was written. */
export function digestOf(value: Json | object): string {
  return sha256(canonical(value));
}
