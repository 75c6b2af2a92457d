import { createHash } from 'node:crypto';

/** What went through. */
export interface Passed {
  /** `sha256:…`, of what has passed so far. */
  digest(): string;
  readonly size: number;
}

/** Hashes and counts a stream on its way. */
export function hashing(source: AsyncIterable<Uint8Array>): Passed & AsyncIterable<Uint8Array> {
  const hash = createHash('sha256');
  const state = { size: 0 };
  async function* pass(): AsyncGenerator<Uint8Array> {
    for await (const part of source) {
      hash.update(part);
      state.size += part.length;
      yield part;
    }
  }
  return {
    [Symbol.asyncIterator]: pass,
    digest: () => `sha256:${hash.copy().digest('hex')}`,
    get size() {
      return state.size;
    },
  };
}
