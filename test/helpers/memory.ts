import type { Store } from '../../lib/catalog';
import type { Journal, JournalRecord } from '../../lib/engine/journal';
import type { Json } from '../../lib/plan';
import { digestOf } from '../../lib/plan/digest';

/** A store in memory: what it holds survives JSON, as in any other. */
export function memoryStore(): Store {
  const values = new Map<string, string>();
  const get = (key: string): { value: Json; revision: string } | undefined => {
    const text = values.get(key);
    if (text === undefined) return undefined;
    const value = JSON.parse(text) as Json;
    return { value, revision: digestOf([value]) };
  };
  return {
    get: (key) => Promise.resolve(get(key)),
    put(key, value, condition) {
      const current = get(key);
      if (condition === 'absent' && current) return Promise.resolve(false);
      if (typeof condition === 'object' && current?.revision !== condition.revision) return Promise.resolve(false);
      values.set(key, JSON.stringify(value));
      return Promise.resolve(true);
    },
    list: (prefix) => Promise.resolve([...values.keys()].filter((key) => key.startsWith(prefix)).sort()),
    delete: (key) => Promise.resolve(void values.delete(key)),
  };
}

/** A journal in memory. */
export function memoryJournal(): Journal & { readonly records: JournalRecord[] } {
  const records: JournalRecord[] = [];
  return {
    records,
    append: (record) => Promise.resolve(void records.push(record)),
    close: () => Promise.resolve(),
  };
}
