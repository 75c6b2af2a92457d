import { BLOCK, FLAGS, padding, XATTR_PREFIX, type TarEntry } from './entry';

/** What ends an archive: two blocks of zeros. */
export const END = Buffer.alloc(2 * BLOCK);

/** What fills up the last block of a content of `size` bytes. */
export function fill(size: number): Buffer {
  return Buffer.alloc(padding(size));
}

/**
 * The header blocks of an entry. Equal entries give equal bytes: nothing but what the entry says goes in, and pax records
 * (for what ustar cannot hold) are sorted.
 */
export function encodeHeader(entry: TarEntry): Buffer {
  const name = entry.type === 'directory' ? `${entry.name}/` : entry.name;
  const pax = paxOf(entry, name);
  const header = ustar(entry, name);
  if (pax.length === 0) return header;
  const body = Buffer.concat(pax.map(([key, value]) => record(key, value)));
  const paxHeader = ustar(
    { ...entry, name: '', linkname: '', mode: 0o644, size: body.length, uid: 0, gid: 0 },
    'PaxHeader',
    'x',
  );
  return Buffer.concat([paxHeader, body, fill(body.length), header]);
}

/** A small entry with its content and padding. */
export function encodeEntry(entry: TarEntry, content: Buffer): Buffer {
  return Buffer.concat([encodeHeader({ ...entry, size: content.length }), content, fill(content.length)]);
}

const MAX_OCTAL_7 = 0o7777777;
const MAX_OCTAL_11 = 0o77777777777;
/** What is no printable ASCII goes into a pax record. */
const PLAIN = /^[\x20-\x7e]*$/;

function paxOf(entry: TarEntry, name: string): (readonly [string, Buffer])[] {
  const records = new Map<string, Buffer>();
  const set = (key: string, value: string | number): void =>
    void records.set(key, Buffer.from(String(value), 'latin1'));
  if (name.length > 100 || !PLAIN.test(name)) set('path', name);
  if (entry.linkname.length > 100 || !PLAIN.test(entry.linkname)) set('linkpath', entry.linkname);
  if (entry.uid > MAX_OCTAL_7) set('uid', entry.uid);
  if (entry.gid > MAX_OCTAL_7) set('gid', entry.gid);
  if (entry.size > MAX_OCTAL_11) set('size', entry.size);
  if (entry.mtime < 0 || entry.mtime > MAX_OCTAL_11) set('mtime', entry.mtime);
  for (const [key, value] of entry.xattrs) records.set(XATTR_PREFIX + key, value);
  return [...records].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** `<length> <key>=<value>\n`, where the length counts its own digits too. */
function record(key: string, value: Buffer): Buffer {
  const rest = Buffer.byteLength(key) + value.length + 3;
  let length = rest + String(rest).length;
  length = rest + String(length).length;
  return Buffer.concat([Buffer.from(`${length} ${key}=`), value, Buffer.from('\n')]);
}

function ustar(entry: TarEntry, name: string, flag = entry.type === 'other' ? '0' : FLAGS[entry.type]): Buffer {
  const header = Buffer.alloc(BLOCK);
  const put = (text: string, at: number, length: number): void =>
    void header.write(text.slice(0, length), at, 'latin1');
  const octal = (value: number, at: number, length: number): void => {
    const most = length === 12 ? MAX_OCTAL_11 : MAX_OCTAL_7;
    put(
      Math.min(Math.max(value, 0), most)
        .toString(8)
        .padStart(length - 1, '0'),
      at,
      length - 1,
    );
  };
  put(name, 0, 100);
  octal(entry.mode, 100, 8);
  octal(entry.uid, 108, 8);
  octal(entry.gid, 116, 8);
  octal(entry.type === 'file' || flag === 'x' ? entry.size : 0, 124, 12);
  octal(entry.mtime, 136, 12);
  put(flag, 156, 1);
  put(entry.linkname, 157, 100);
  put('ustar\u000000', 257, 8);
  octal(entry.major, 329, 8);
  octal(entry.minor, 337, 8);
  let sum = 8 * 0x20;
  for (const byte of header) sum += byte;
  put(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148, 8);
  return header;
}
