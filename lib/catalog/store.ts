import type { Json } from '../plan/json';

/** A value with the revision that a later `put` must name. */
export interface Stored {
  readonly value: Json;
  readonly revision: string;
}

/**
 * Where the catalog and all else that runs share is kept. Small, so that files, a bucket or a database can be one: all it asks for is
 * compare-and-swap on single keys.
 */
export interface Store {
  get(key: string): Promise<Stored | undefined>;
  /**
   * Writes a value and says whether it did: with `absent` only where there is none, with a revision only where the value is
   * still of that revision, without a condition always.
   */
  put(key: string, value: Json, condition?: 'absent' | { readonly revision: string }): Promise<boolean>;
  /** Keys that start with a prefix, sorted. */
  list(prefix: string): Promise<readonly string[]>;
  /** What is gone already is no error. */
  delete(key: string): Promise<void>;
}
