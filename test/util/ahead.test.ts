import { ahead } from '../../lib/util/ahead';

async function all<T>(source: AsyncIterable<T>, found: T[] = []): Promise<T[]> {
  for await (const one of source) found.push(one);
  return found;
}

test('results come in order, and so many are under way at once', async () => {
  let running = 0;
  let most = 0;
  const work = async (n: number): Promise<number> => {
    most = Math.max(most, (running += 1));
    for (let turn = 0; turn < 10 - n; turn += 1) await Promise.resolve();
    running -= 1;
    return n * n;
  };
  expect(await all(ahead([1, 2, 3, 4, 5], 3, work))).toEqual([1, 4, 9, 16, 25]);
  expect(most).toBe(3);
  expect(await all(ahead([], 3, work))).toEqual([]);
});

test('the first failure ends it when its turn comes', async () => {
  const found: number[] = [];
  const work = (n: number): Promise<number> => (n > 1 ? Promise.reject(new Error(`no ${n}`)) : Promise.resolve(n));
  await expect(all(ahead([0, 1, 2, 3], 4, work), found)).rejects.toThrow('no 2');
  expect(found).toEqual([0, 1]);
});
