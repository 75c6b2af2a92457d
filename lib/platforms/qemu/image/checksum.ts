/** A checksum, with what it was made by. */
export interface Checksum {
  readonly algorithm: 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';
  readonly hex: string;
}

/** Digits that each has. A bare one is told by its length, as in Packer. */
const LENGTHS = { md5: 32, sha1: 40, sha224: 56, sha256: 64, sha384: 96, sha512: 128 } as const;

/** Reads `sha256:…` or bare digits; undefined where it is neither. */
export function parseChecksum(text: string): Checksum | undefined {
  const [, type, hex = ''] = /^(?:([a-z0-9]+):)?([0-9a-fA-F]+)$/.exec(text.trim()) ?? [];
  const fits = Object.entries(LENGTHS).find(
    ([name, length]) => hex.length === length && (type === undefined || type === name),
  );
  return fits && { algorithm: fits[0] as Checksum['algorithm'], hex: hex.toLowerCase() };
}

/** What is wrong with a checksum prop; undefined where nothing is. */
export function problemWithChecksum(prop: string, value: unknown): string | undefined {
  const allowed =
    "`'sha256:…'` (or md5, sha1, sha224, sha384, sha512), `'file:…'` for a list of checksums, or `'none'`";
  if (value === undefined) return `\`${prop}\` is missing: write ${allowed}`;
  if (typeof value !== 'string') return `\`${prop}\` must be a plain text: ${allowed}`;
  if (value === 'none' || /^file:./.test(value) || parseChecksum(value)) return undefined;
  return `\`${prop}\` is ${JSON.stringify(value)}, which is no checksum; allowed are ${allowed}`;
}

/** As it is written into plans and lock files. */
export function writeChecksum({ algorithm, hex }: Checksum): string {
  return `${algorithm}:${hex}`;
}

/** Finds a file's checksum in a list as sha256sum and its like, or BSD's, write it. */
export function findInList(list: string, name: string): Checksum | undefined {
  const lines = list.split(/\r?\n/).filter((line) => line.trim() !== '');
  for (const line of lines) {
    const [, bsd, bsdHex] = /^[A-Z0-9]+ \((.+)\) = ([0-9a-fA-F]+)$/.exec(line) ?? [];
    const [, hex, gnu] = /^([0-9a-fA-F]+)\s+[* ]?(.+)$/.exec(line) ?? [];
    const found = bsd === undefined ? { file: gnu, hex } : { file: bsd, hex: bsdHex };
    if (found.hex !== undefined && found.file?.split('/').pop() === name) return parseChecksum(found.hex);
  }
  return lines.length === 1 ? parseChecksum(lines[0]!.trim()) : undefined;
}
