import type { Store } from '../catalog/store';

/** Keys under which the engine notes which files of the project goldsmith has written. */
const OUTPUTS = 'outputs/';

/**
 * What a rehearsal keeps: its own catalog, and with real builds the record of which files are goldsmith's own. Without that, the one
 * would refuse to write where the other wrote.
 */
export function rehearsalStore(own: Store, shared: Store): Store {
  const of = (key: string): Store => (key.startsWith(OUTPUTS) ? shared : own);
  return {
    get: (key) => of(key).get(key),
    put: (key, value, condition) => of(key).put(key, value, condition),
    list: (prefix) => of(prefix).list(prefix),
    delete: (key) => of(key).delete(key),
  };
}
