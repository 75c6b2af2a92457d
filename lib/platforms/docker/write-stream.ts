import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ResourceRecord } from '../../extension/artifact';
import type { ResourceContext } from '../../extension/context';

/** A file that was written. */
export interface WrittenFile {
  readonly resource: ResourceRecord;
  readonly size: number;
  readonly sha256: string;
}

/** Writes a stream to an output file, hashing it on the way. */
export async function writeStream(
  output: string,
  label: string,
  open: () => Promise<Readable>,
  ctx: ResourceContext,
): Promise<WrittenFile> {
  const hash = createHash('sha256');
  let size = 0;
  const resource = await ctx.writeOutput(output, async (temporary) => {
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        size += chunk.length;
        ctx.progress({ label, current: size, unit: 'bytes' });
        done(null, chunk);
      },
    });
    await pipeline(await open(), meter, fs.createWriteStream(temporary, { flags: 'wx' }), { signal: ctx.signal });
  });
  return { resource, size, sha256: hash.digest('hex') };
}
