import { availableParallelism } from 'node:os';
import * as zlib from 'node:zlib';

const BLOCK = 1024 * 1024;
/** How far back deflate looks (RFC 1951, 2). */
const WINDOW = 32 * 1024;
/** An empty last block with fixed codes: ends a stream (RFC 1951, 3.2.3). */
const END = Buffer.from([0x03, 0x00]);

/**
 * One deflate stream from many blocks that are compressed side by side. Each knows the end of the one before it as its
 * dictionary and ends on a byte's border, so that they can be strung together: as pigz does it.
 *
 * @param onData sees the input in order, before it is compressed
 */
export async function* deflate(
  source: AsyncIterable<Buffer>,
  level: number,
  onData: (chunk: Buffer) => void = () => undefined,
): AsyncGenerator<Buffer> {
  const jobs = async function* (): AsyncGenerator<() => Promise<Buffer>> {
    let dictionary: Buffer | undefined;
    for await (const block of blocksOf(source, BLOCK)) {
      onData(block);
      const before = dictionary;
      dictionary = block.subarray(-WINDOW);
      yield () => deflateBlock(block, level, before);
    }
  };
  yield* inParallel(jobs());
  yield END;
}

/** Runs jobs side by side and yields their results in order. */
export async function* inParallel(jobs: AsyncIterable<() => Promise<Buffer>>): AsyncGenerator<Buffer> {
  const width = availableParallelism() + 1;
  const running: Promise<Buffer>[] = [];
  for await (const job of jobs) {
    const result = job();
    // Awaited later: until then a failure must not count as unhandled.
    result.catch(() => undefined);
    running.push(result);
    if (running.length >= width) yield await running.shift()!;
  }
  for (const result of running) yield await result;
}

/** Cuts a stream into blocks of one size; the last may be shorter. */
export async function* blocksOf(source: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of source) {
    let rest = chunk;
    while (length + rest.length >= size) {
      const cut = size - length;
      yield Buffer.concat([...parts, rest.subarray(0, cut)]);
      rest = rest.subarray(cut);
      parts = [];
      length = 0;
    }
    if (rest.length > 0) parts.push(rest);
    length += rest.length;
  }
  if (length > 0) yield Buffer.concat(parts);
}

function deflateBlock(block: Buffer, level: number, dictionary: Buffer | undefined): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { level, finishFlush: zlib.constants.Z_SYNC_FLUSH, ...(dictionary && { dictionary }) };
    zlib.deflateRaw(block, options, (error, result) => (error ? reject(error) : resolve(result)));
  });
}
