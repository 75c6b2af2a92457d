import type { JsonObject } from '../plan/json';
import type { Clock } from './context';

/** Something that can answer lookups of values: `use` of the plan's `lookups` names it. */
export interface LookupExtension {
  readonly kind: 'lookup';
  readonly use: string;
  readonly module: string;
  /** What a query means now, by the names of its fields. It goes into the lock file, so it holds no secret. */
  resolve(query: JsonObject, ctx: ValueContext): Promise<JsonObject>;
}

/** What reading a value from elsewhere may need. */
export interface ValueContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly projectDir: string;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Registers a value that must never be shown, in any encoding. */
  secret(value: string): void;
}
