import { once } from 'node:events';
import * as zlib from 'node:zlib';
import { GoldsmithError } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import { readTool } from '../machine/run';
import { findTool } from '../machine/tools';

/** How the layers that are made are compressed. */
export type Compression = 'none' | 'gzip' | 'zstd';

/** Media types of layers: OCI image-spec, media-types.md. */
export const LAYER_TYPES: Readonly<Record<Compression, string>> = {
  none: 'application/vnd.oci.image.layer.v1.tar',
  gzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  zstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
};

/** Compresses a stream. Equal bytes give equal bytes. */
export async function* compress(
  source: AsyncIterable<Uint8Array>,
  how: Compression,
  ctx: RunContext,
): AsyncGenerator<Uint8Array> {
  if (how === 'gzip') yield* through(source, zlib.createGzip({ level: 6 }));
  else if (how === 'zstd') yield* zstd(source, ['-q', '-3', '-c'], ctx);
  else yield* source;
}

/** Decompresses a stream: what it is, its first bytes tell. */
export async function* decompress(source: AsyncIterable<Uint8Array>, ctx: RunContext): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < 4) {
    const next = await iterator.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  const whole = replay(head, iterator);
  if (head[0] === 0x1f && head[1] === 0x8b) yield* through(whole, zlib.createGunzip());
  else if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528) yield* zstd(whole, ['-q', '-d', '-c'], ctx);
  else yield* whole;
}

async function* replay(head: Buffer, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

/** Node learned zstd in 22.15; before, the program of that name does it. */
async function* zstd(
  source: AsyncIterable<Uint8Array>,
  args: readonly string[],
  ctx: RunContext,
): AsyncGenerator<Uint8Array> {
  const tool = findTool('zstd', ctx.env);
  if (!tool) {
    throw new GoldsmithError(
      'MISSING_DEPENDENCY',
      'a layer is compressed with zstd, and the program `zstd` was not found',
      { hint: 'apt-get install zstd' },
    );
  }
  yield* readTool([tool, ...args], ctx, { input: source });
}

/** Sends a stream through a transform: with regard to how fast it is, and with the errors of both. */
async function* through(source: AsyncIterable<Uint8Array>, transform: zlib.Gzip | zlib.Gunzip): AsyncGenerator<Buffer> {
  const feed = async (): Promise<void> => {
    for await (const part of source) if (!transform.write(part)) await once(transform, 'drain');
    transform.end();
  };
  feed().catch((error: unknown) => transform.destroy(error as Error));
  for await (const part of transform) yield part as Buffer;
}
