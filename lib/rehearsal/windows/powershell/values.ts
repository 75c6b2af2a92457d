import type { Block } from './ast';
import type { Scope } from './scope';

/** What stands in braces, and where. */
export class ScriptBlock {
  constructor(
    readonly block: Block,
    readonly scope: Scope | undefined,
  ) {}
}

/** `@{ }`: its keys know no case. */
export class Hash {
  readonly entries = new Map<string, { key: string; value: unknown }>();

  get Count(): number {
    return this.entries.size;
  }

  get Keys(): string[] {
    return [...this.entries.values()].map(({ key }) => key);
  }

  ContainsKey(key: unknown): boolean {
    return this.entries.has(text(key).toLowerCase());
  }

  read(key: unknown): unknown {
    return this.entries.get(text(key).toLowerCase())?.value;
  }

  write(key: unknown, value: unknown): void {
    this.entries.set(text(key).toLowerCase(), { key: text(key), value });
  }
}

/** What `throw`, a cmdlet or a method failed with; also what `$_` is in a `catch`. */
export class PsError extends Error {
  readonly Exception: { readonly Message: string };

  constructor(message: string) {
    super(message);
    this.Exception = { Message: message };
  }

  static of(error: unknown): PsError {
    if (error instanceof PsError) return error;
    return new PsError(error instanceof Error ? error.message : String(error));
  }

  /** As PowerShell shows it. */
  record(): string {
    return `${this.message}\r\nAt line:1 char:1\r\n+ the command\r\n    + CategoryInfo          : NotSpecified: (:) [], RuntimeException`;
  }
}

/** A way out of where one is. */
export class Leave {
  constructor(
    readonly how: 'exit' | 'return' | 'break' | 'continue',
    readonly value: unknown = undefined,
  ) {}
}

/** A value as text, as PowerShell makes it. */
export function text(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value) || value instanceof Uint8Array) return [...value].map(text).join(' ');
  if (value instanceof PsError) return value.message;
  if (value instanceof ScriptBlock) return value.block.text;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return String(value);
  return `[${(value as object).constructor.name}]`;
}

/** What counts as true. */
export function truth(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 1 ? truth(value[0]) : value.length > 1;
  return !(value === undefined || value === null || value === false || value === 0 || value === '');
}

/** A value as several. */
export function listOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

/** Several values as one: what a pipeline gives. */
export function oneOf(values: readonly unknown[]): unknown {
  return values.length === 0 ? null : values.length === 1 ? values[0] : [...values];
}

/** A member of an object by its name in any case. */
export function keyOf(object: object, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (let at: object | null = object; at && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null) {
    const found = Object.getOwnPropertyNames(at).find((key) => key.toLowerCase() === wanted);
    if (found !== undefined) return found;
  }
  return undefined;
}
