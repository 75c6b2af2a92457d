import { ByteReader, type TarBytes } from './byte-reader';
import { BLOCK, cleanName, padding, TYPES, XATTR_PREFIX, type TarEntry } from './entry';

/** An entry as it is read: its content must be taken before the next one comes; what is left is skipped. */
export interface TarItem {
  readonly entry: TarEntry;
  /** Its header blocks as they were, extensions included: writing them copies the entry without loss. */
  readonly raw: Buffer;
  /** Where its content begins, from the start of the archive. */
  readonly offset: number;
  /** Its content. */
  body(): AsyncGenerator<Buffer>;
}

type Pax = Map<string, Buffer>;

/** Reads a tar archive: ustar, pax and GNU. Ends at the end marker or at the end of the bytes. */
export async function* readTar(source: AsyncIterable<Uint8Array> | TarBytes): AsyncGenerator<TarItem> {
  const reader = Symbol.asyncIterator in source ? new ByteReader(source) : source;
  const global: Pax = new Map();
  let pending: Buffer[] = [];
  let pax: Pax = new Map();
  for (;;) {
    const header = await reader.read(BLOCK);
    if (!header || header.every((byte) => byte === 0)) break;
    checkSum(header);
    const flag = String.fromCharCode(header[156]!);
    if ('xgLK'.includes(flag)) {
      const size = number(header, 124, 12);
      const content = await reader.need(size + padding(size));
      pending.push(header, content);
      extend(flag, content.subarray(0, size), pax, global);
      continue;
    }
    pending.push(header);
    if (flag === 'S') pending.push(...(await sparseHeaders(header, reader)));
    const entry = decode(header, new Map([...global, ...pax]));
    const raw = Buffer.concat(pending);
    pending = [];
    pax = new Map();
    const content = reader.begin(hasContent(entry, flag) ? entry.size : 0);
    yield { entry, raw, offset: content.offset, body: () => content.stream() };
    await content.finish();
  }
  await reader.drain();
}

/** A link's size says what its target holds; nothing follows it. */
function hasContent(entry: TarEntry, flag: string): boolean {
  return entry.type === 'file' || flag === 'S' || (entry.type === 'other' && entry.size > 0);
}

/** Old GNU sparse files carry more maps after the header, each saying whether another follows. */
async function sparseHeaders(header: Buffer, reader: TarBytes): Promise<Buffer[]> {
  const maps: Buffer[] = [];
  for (let more = header[482] !== 0; more; more = maps.at(-1)![504] !== 0) maps.push(await reader.need(BLOCK));
  return maps;
}

function extend(flag: string, content: Buffer, pax: Pax, global: Pax): void {
  if (flag === 'L') pax.set('path', untilNul(content));
  else if (flag === 'K') pax.set('linkpath', untilNul(content));
  else for (const [key, value] of paxRecords(content)) (flag === 'g' ? global : pax).set(key, value);
}

/** Records of the form `<length> <key>=<value>\n`; the value is bytes. */
function* paxRecords(content: Buffer): Generator<[string, Buffer]> {
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const length = Number(content.toString('latin1', at, space));
    if (space < 0 || !Number.isInteger(length) || length <= 0 || at + length > content.length) {
      throw new Error('the tar archive is damaged: a pax record has no proper length');
    }
    const equals = content.indexOf(0x3d, space);
    yield [content.toString('utf8', space + 1, equals), content.subarray(equals + 1, at + length - 1)];
    at += length;
  }
}

function decode(header: Buffer, pax: Pax): TarEntry {
  const ustar = header.toString('latin1', 257, 262) === 'ustar';
  const prefix =
    ustar && header[345] !== 0 && header.toString('latin1', 257, 265) === 'ustar\u000000'
      ? `${text(header, 345, 155)}/`
      : '';
  const name = pax.get('path')?.toString('latin1') ?? prefix + text(header, 0, 100);
  const flag = String.fromCharCode(header[156]!);
  const type = TYPES[flag] ?? 'other';
  const linkname = pax.get('linkpath')?.toString('latin1') ?? text(header, 157, 100);
  const xattrs = new Map<string, Buffer>();
  for (const [key, value] of pax) if (key.startsWith(XATTR_PREFIX)) xattrs.set(key.slice(XATTR_PREFIX.length), value);
  return {
    name: cleanName(name),
    // Before POSIX a directory was a file whose name ends in a slash.
    type: type === 'file' && name.endsWith('/') ? 'directory' : type,
    mode: number(header, 100, 8) & 0o7777,
    uid: paxNumber(pax, 'uid') ?? number(header, 108, 8),
    gid: paxNumber(pax, 'gid') ?? number(header, 116, 8),
    size: paxNumber(pax, 'size') ?? number(header, 124, 12),
    mtime: Math.floor(paxNumber(pax, 'mtime') ?? number(header, 136, 12)),
    linkname: type === 'link' ? cleanName(linkname) : linkname,
    major: ustar ? number(header, 329, 8) : 0,
    minor: ustar ? number(header, 337, 8) : 0,
    xattrs,
  };
}

function paxNumber(pax: Pax, key: string): number | undefined {
  const value = pax.get(key)?.toString('latin1');
  return value === undefined || value === '' ? undefined : Number(value);
}

function text(header: Buffer, at: number, length: number): string {
  return untilNul(header.subarray(at, at + length)).toString('latin1');
}

function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** Octal digits; or, where the first bit is set, a big-endian number (GNU's way for what does not fit). */
function number(header: Buffer, at: number, length: number): number {
  if ((header[at]! & 0x80) !== 0) {
    const bytes = header.subarray(at, at + length);
    let value = BigInt(bytes[0]! & 0x7f);
    for (const byte of bytes.subarray(1)) value = value * 256n + BigInt(byte);
    if ((bytes[0]! & 0x40) !== 0) value -= 1n << BigInt(8 * length - 1);
    return Number(value);
  }
  const digits = text(header, at, length).trim();
  return digits === '' ? 0 : parseInt(digits, 8);
}

function checkSum(header: Buffer): void {
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += header[i]!;
  if (sum !== number(header, 148, 8))
    throw new Error('this is no tar archive, or a damaged one: a header has a wrong checksum');
}
