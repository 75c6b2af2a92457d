/** Joins small pieces into larger ones, for whom each piece costs something: none but the last is shorter than `size`. */
export async function* batched(pieces: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  let batch: Buffer[] = [];
  let length = 0;
  for await (const piece of pieces) {
    batch.push(piece);
    length += piece.length;
    if (length < size) continue;
    yield batch.length === 1 ? piece : Buffer.concat(batch, length);
    [batch, length] = [[], 0];
  }
  if (length > 0) yield Buffer.concat(batch, length);
}
