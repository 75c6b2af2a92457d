import * as zlib from 'node:zlib';
import { deflate } from './deflate';

/** A file, folder or symbolic link to be put into an archive. */
export interface ZipEntry {
  /** With slashes; a folder's ends with one. */
  readonly name: string;
  /** Type and permissions, as stat gives them. */
  readonly mode: number;
  readonly modified: Date;
  readonly size: number;
  content(): AsyncIterable<Buffer>;
}

const UINT16 = 0xffff;
const UINT32 = 0xffffffff;
/** Sizes follow the data (bit 3); names are UTF-8 (bit 11). */
const FLAGS = 0x0808;
const DEFLATED = 8;
const VERSION = 20;
const VERSION_64 = 45;
const UNIX = 3 << 8;

interface Written {
  readonly entry: ZipEntry;
  readonly name: Buffer;
  readonly offset: number;
  readonly crc: number;
  readonly size: number;
  readonly packed: number;
}

/**
 * A zip archive as a stream, by PKWARE's APPNOTE.TXT 6.3.10; in its 64-bit form (4.5.3) where a number needs it.
 *
 * @param limit from which number on the 64-bit form is used; smaller in tests
 */
export async function* zip(entries: Iterable<ZipEntry>, level: number, limit: number = UINT32): AsyncGenerator<Buffer> {
  let offset = 0;
  const emit = (bytes: Buffer): Buffer => {
    offset += bytes.length;
    return bytes;
  };
  const written: Written[] = [];
  for (const entry of entries) {
    const start = offset;
    const name = Buffer.from(entry.name);
    // What does not get smaller gets a little larger.
    const wide = entry.size * 1.001 + 1024 >= limit;
    let crc = 0;
    let size = 0;
    yield emit(localHeader(entry, name, wide));
    const body = offset;
    const onData = (chunk: Buffer): void => {
      crc = zlib.crc32(chunk, crc);
      size += chunk.length;
    };
    for await (const chunk of deflate(entry.content(), level, onData)) yield emit(chunk);
    const done = { entry, name, offset: start, crc, size, packed: offset - body };
    yield emit(descriptor(done, wide));
    written.push(done);
  }
  const directory = offset;
  for (const one of written) yield emit(directoryHeader(one, limit));
  yield end(written.length, directory, offset - directory, limit);
}

function localHeader(entry: ZipEntry, name: Buffer, wide: boolean): Buffer {
  const extra = wide ? fields([u16(1), u16(16), u64(0), u64(0)]) : Buffer.alloc(0);
  const sizes = wide ? UINT32 : 0;
  return fields([
    u32(0x04034b50),
    u16(wide ? VERSION_64 : VERSION),
    u16(FLAGS),
    u16(DEFLATED),
    dosTime(entry.modified),
    u32(0),
    u32(sizes),
    u32(sizes),
    u16(name.length),
    u16(extra.length),
    name,
    extra,
  ]);
}

function descriptor({ crc, size, packed }: Written, wide: boolean): Buffer {
  const number = wide ? u64 : u32;
  return fields([u32(0x08074b50), u32(crc), number(packed), number(size)]);
}

function directoryHeader({ entry, name, offset, crc, size, packed }: Written, limit: number): Buffer {
  const large = [size, packed, offset].filter((value) => value >= limit);
  const extra = large.length > 0 ? fields([u16(1), u16(large.length * 8), ...large.map(u64)]) : Buffer.alloc(0);
  const short = (value: number): Buffer => u32(value >= limit ? UINT32 : value);
  const folder = entry.name.endsWith('/') ? 0x10 : 0;
  return fields([
    u32(0x02014b50),
    u16(UNIX | VERSION_64),
    u16(large.length > 0 ? VERSION_64 : VERSION),
    u16(FLAGS),
    u16(DEFLATED),
    dosTime(entry.modified),
    u32(crc),
    short(packed),
    short(size),
    u16(name.length),
    u16(extra.length),
    u16(0),
    u16(0),
    u16(0),
    u32((((entry.mode & UINT16) << 16) | folder) >>> 0),
    short(offset),
    name,
    extra,
  ]);
}

function end(count: number, offset: number, size: number, limit: number): Buffer {
  const wide = count >= UINT16 || offset >= limit || size >= limit;
  const long = fields([
    u32(0x06064b50),
    u64(44),
    u16(UNIX | VERSION_64),
    u16(VERSION_64),
    u32(0),
    u32(0),
    u64(count),
    u64(count),
    u64(size),
    u64(offset),
    u32(0x07064b50),
    u32(0),
    u64(offset + size),
    u32(1),
  ]);
  const short = [
    u32(0x06054b50),
    u16(0),
    u16(0),
    u16(wide ? UINT16 : count),
    u16(wide ? UINT16 : count),
    u32(wide ? UINT32 : size),
    u32(wide ? UINT32 : offset),
    u16(0),
  ];
  return fields(wide ? [long, ...short] : short);
}

/** MS-DOS date and time, in UTC: the same file gives the same bytes everywhere. It begins in 1980. */
function dosTime(time: Date): Buffer {
  const year = Math.min(Math.max(time.getUTCFullYear(), 1980), 2107);
  const early = year > time.getUTCFullYear();
  const date = ((year - 1980) << 9) | ((early ? 1 : time.getUTCMonth() + 1) << 5) | (early ? 1 : time.getUTCDate());
  const clock = (time.getUTCHours() << 11) | (time.getUTCMinutes() << 5) | (time.getUTCSeconds() >> 1);
  return fields([u16(early ? 0 : clock), u16(date)]);
}

function fields(parts: readonly Buffer[]): Buffer {
  return Buffer.concat(parts);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
