import * as zlib from 'node:zlib';
import { blocksOf, deflate, inParallel } from './deflate';

/** No name, no time, Unix (RFC 1952, 2.3): the same input gives the same file. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);

/** One gzip member, compressed on all processors. */
export async function* gzip(source: AsyncIterable<Buffer>, level: number): AsyncGenerator<Buffer> {
  let crc = 0;
  let size = 0;
  yield HEADER;
  yield* deflate(source, level, (chunk) => {
    crc = zlib.crc32(chunk, crc);
    size += chunk.length;
  });
  yield trailer(crc, size);
}

/** Most that a block of BGZF may hold: with it, even what does not get smaller fits into 64 KiB (htslib, bgzf.h). */
const BGZF_BLOCK = 0xff00;
/** The empty block that ends a file (SAM specification, 4.1.2). */
const BGZF_END = Buffer.from('1f8b08040000000000ff0600424302001b0003000000000000000000', 'hex');

/** Blocked gzip: many small members, each with its size in the header, so that readers can jump (SAM specification, 4.1). */
export async function* bgzf(source: AsyncIterable<Buffer>, level: number): AsyncGenerator<Buffer> {
  const jobs = async function* (): AsyncGenerator<() => Promise<Buffer>> {
    for await (const block of blocksOf(source, BGZF_BLOCK)) yield () => bgzfBlock(block, level);
  };
  yield* inParallel(jobs());
  yield BGZF_END;
}

function bgzfBlock(block: Buffer, level: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    zlib.deflateRaw(block, { level }, (error, body) => {
      if (error) return reject(error);
      const header = Buffer.from('1f8b08040000000000ff060042430200', 'hex');
      const size = Buffer.alloc(2);
      size.writeUInt16LE(header.length + 2 + body.length + 8 - 1);
      resolve(Buffer.concat([header, size, body, trailer(zlib.crc32(block), block.length)]));
    });
  });
}

function trailer(crc: number, size: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(crc, 0);
  bytes.writeUInt32LE(size % 2 ** 32, 4);
  return bytes;
}
