import type { JsonObject } from '../plan/json';

/** Something that can read secrets: `from` in the plan's `$secret` names it. */
export interface SecretExtension {
  readonly kind: 'secret';
  readonly use: string;
  readonly module: string;
  /** The secret's value. Throws an error that says what to do, and never shows the value. */
  read(reference: JsonObject, ctx: SecretContext): Promise<string>;
}

/** What reading a secret may need. */
export interface SecretContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly projectDir: string;
  readonly signal: AbortSignal;
  /** Values of sensitive variables. */
  readonly variables: Readonly<Record<string, string>>;
}
