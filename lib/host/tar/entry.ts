/** What a tar entry is. `other` is anything that only passes through. */
export type TarType = 'file' | 'link' | 'symlink' | 'char' | 'block' | 'directory' | 'fifo' | 'other';

/**
 * One entry of a tar archive. Names are "binary" strings, one character a byte: file names on Linux are bytes, and
 * those that are no UTF-8 must come out as they went in.
 */
export interface TarEntry {
  /** Without `./` in front and without a slash behind; empty for the root. */
  readonly name: string;
  readonly type: TarType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Whole seconds since the epoch. */
  readonly mtime: number;
  /** Where a link points; for a hard link, a name in the archive. */
  readonly linkname: string;
  readonly major: number;
  readonly minor: number;
  /** Extended attributes, by name. */
  readonly xattrs: ReadonlyMap<string, Buffer>;
}

/** Size of a tar block: POSIX pax, "ustar Interchange Format". */
export const BLOCK = 512;

/** Pax records that hold extended attributes start so: the way of star, GNU tar and Go's archive/tar. */
export const XATTR_PREFIX = 'SCHILY.xattr.';

/** Type flags of POSIX; NUL is the old way of saying "file", 7 a contiguous file. */
export const TYPES: Readonly<Record<string, TarType>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};

/** The flag of each type. */
export const FLAGS: Readonly<Record<Exclude<TarType, 'other'>, string>> = {
  file: '0',
  link: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};

/** Bytes of padding after `size` bytes of content. */
export function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** A name without `./`, `/` in front and slashes behind. */
export function cleanName(name: string): string {
  return name
    .replace(/^(?:\.?\/+)+/, '')
    .replace(/\/+$/, '')
    .replace(/^\.$/, '');
}

/** A text in the form that entries have names in. */
export function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** An entry with what is not said filled in: root's, of the epoch. */
export function makeEntry(given: Pick<TarEntry, 'name' | 'type'> & Partial<TarEntry>): TarEntry {
  const mode = given.type === 'directory' ? 0o755 : given.type === 'symlink' ? 0o777 : 0o644;
  return { mode, uid: 0, gid: 0, size: 0, mtime: 0, linkname: '', major: 0, minor: 0, xattrs: new Map(), ...given };
}
