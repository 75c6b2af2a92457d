/** Does something with each item, `count` at a time, and gives the results in the items' order. Ends with the first failure. */
export async function* ahead<T, U>(
  items: readonly T[],
  count: number,
  action: (item: T) => Promise<U>,
): AsyncGenerator<U> {
  const begun: Promise<U>[] = [];
  const begin = (item: T): void => {
    const result = action(item);
    // It fails when its turn comes, which may be never.
    result.catch(() => undefined);
    begun.push(result);
  };
  items.slice(0, count).forEach(begin);
  for (let next = count; begun.length > 0; next += 1) {
    const result = await begun.shift()!;
    if (next < items.length) begin(items[next]!);
    yield result;
  }
}
