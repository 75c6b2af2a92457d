import { z } from 'zod';
import { isObject, type Json } from './json';

/**
 * Values that are known only when the plan runs, as a plan writes them. Each is an object with one key that
 * starts with `$`; the engine replaces it at the last moment.
 */
export type LateJson =
  /** An output of a node that this one depends on. */
  | { readonly $output: { readonly node: string; readonly name: string } }
  /** A secret, by reference: `from` names who can read it (`env`, `file`, `command`, `variable`, …). */
  | { readonly $secret: { readonly from: string; readonly [key: string]: Json } }
  /** A field of what a lookup resolved to. */
  | { readonly $lookup: { readonly id: string; readonly field: string } }
  /** A local file or folder, staged by content. `name` keeps its last part (and a trailing slash). */
  | { readonly $asset: { readonly sha256: string; readonly name: string } }
  /** The time at which the run began. */
  | { readonly $now: { readonly format: string } }
  /** A random id, the same throughout one run. */
  | { readonly $unique: { readonly length: number } }
  /** Pieces that are joined when all are known. */
  | { readonly $text: readonly (string | LateJson)[] };

/** The key of every {@link LateJson}. */
export const LATE_KEYS = ['$output', '$secret', '$lookup', '$asset', '$now', '$unique', '$text'] as const;

declare const RESOLVES: unique symbol;

/**
 * A value that is known only at run time, on the author's side: an object, never a magic string.
 * `Output`, `Secret`, `timestamp()` and `` text`…` `` are such values.
 */
export interface Late<T = unknown> {
  /** Only for the compiler: what it becomes. */
  readonly [RESOLVES]?: T;
  /** How the plan writes it. */
  toPlan(): LateJson;
}

/** A string, or something that becomes one at run time. */
export type Text = string | Late<string>;

/** Props as a runner gets them: every late value replaced by what it became. */
export type Resolved<T> =
  T extends Late<infer U>
    ? U
    : T extends readonly (infer E)[]
      ? readonly Resolved<E>[]
      : T extends object
        ? { [K in keyof T]: Resolved<T[K]> }
        : T;

/** Whether a value is a late value as the author's side has it. */
export function isLate(value: unknown): value is Late {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Late>).toPlan === 'function';
}

/** Whether a value is a late value as a plan writes it. */
export function isLateJson(value: unknown): value is LateJson {
  if (!isObject(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && (LATE_KEYS as readonly string[]).includes(keys[0]!);
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a sha256 in hex');

/** Checks a late value in a plan. */
export const lateSchema: z.ZodType<LateJson> = z.lazy(() =>
  z.union([
    z.strictObject({ $output: z.strictObject({ node: z.string(), name: z.string() }) }),
    z.strictObject({ $secret: z.looseObject({ from: z.string() }) as unknown as z.ZodType<{ from: string }> }),
    z.strictObject({ $lookup: z.strictObject({ id: z.string(), field: z.string() }) }),
    z.strictObject({ $asset: z.strictObject({ sha256, name: z.string().min(1) }) }),
    z.strictObject({ $now: z.strictObject({ format: z.string() }) }),
    z.strictObject({ $unique: z.strictObject({ length: z.number().int().min(1).max(64) }) }),
    z.strictObject({ $text: z.array(z.union([z.string(), lateSchema])) }),
  ]),
);
