import { batched } from '../../lib/util/batched';

async function* pieces(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Promise.resolve(Buffer.from(text));
}

async function all(source: AsyncIterable<Buffer>): Promise<string[]> {
  const found: string[] = [];
  for await (const piece of source) found.push(piece.toString());
  return found;
}

test('small pieces become larger ones, and the last may be short', async () => {
  expect(await all(batched(pieces('a', 'b', 'cdef', 'g', 'hijkl', 'm'), 4))).toEqual(['abcdef', 'ghijkl', 'm']);
});

test('of nothing comes nothing, and a large piece is left as it is', async () => {
  expect(await all(batched(pieces(), 4))).toEqual([]);
  expect(await all(batched(pieces('abcdefgh'), 4))).toEqual(['abcdefgh']);
});
