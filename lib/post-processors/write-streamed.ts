import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { ResourceRecord } from '../extension/artifact';
import type { ProcessContext } from '../extension/context';

/** An output that was written. */
export interface Streamed {
  readonly record: ResourceRecord;
  readonly size: number;
  readonly sha256: string;
}

/** Writes an output from a stream, and counts and sums on the way: nothing is read twice. */
export async function writeStreamed(
  output: string,
  open: () => Promise<AsyncIterable<Buffer>>,
  ctx: ProcessContext,
): Promise<Streamed> {
  const hash = createHash('sha256');
  let size = 0;
  const count = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      hash.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  };
  await ctx.lockFile(output);
  const record = await ctx.writeOutput(output, async (temporary) => {
    await pipeline(await open(), count, createWriteStream(temporary), { signal: ctx.signal }).catch(
      (error: unknown) => {
        ctx.signal.throwIfAborted();
        throw error;
      },
    );
  });
  return { record, size, sha256: hash.digest('hex') };
}
