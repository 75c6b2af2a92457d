import type { JsonObject } from '../plan/json';
import type { ValueContext } from './lookup';

/** Something that can read secrets: `from` in the plan's `$secret` names it. */
export interface SecretExtension {
  readonly kind: 'secret';
  readonly use: string;
  readonly module: string;
  /** Whether a value is read once a run, however many steps use it: where reading it takes a call of a service. @default false */
  readonly onceARun?: boolean;
  /** The secret's value. Throws an error that says what to do, and never shows the value. */
  read(reference: JsonObject, ctx: SecretContext): Promise<string>;
}

/** What reading a secret may need. */
export interface SecretContext extends ValueContext {
  /** Values of sensitive variables. */
  readonly variables: Readonly<Record<string, string>>;
}
