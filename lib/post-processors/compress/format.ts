/** How one stream of bytes is made smaller. */
export type Algorithm = 'gzip' | 'zstd' | 'bzip2' | 'lz4' | 'xz' | 'bgzf';

/** What a name stands for. Without an algorithm nothing is compressed beyond what the archive does itself. */
export interface Format {
  readonly archive?: 'tar' | 'zip';
  readonly algorithm?: Algorithm;
}

const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  gz: 'gzip',
  gzip: 'gzip',
  pgzip: 'gzip',
  zst: 'zstd',
  zstd: 'zstd',
  bz2: 'bzip2',
  bzip2: 'bzip2',
  lz4: 'lz4',
  xz: 'xz',
  bgzf: 'bgzf',
};

/** Endings that stand for two. */
const SHORT: Readonly<Record<string, string>> = {
  tgz: 'tar.gz',
  tbz2: 'tar.bz2',
  tbz: 'tar.bz2',
  txz: 'tar.xz',
  tzst: 'tar.zst',
};

/** The format that the endings of a file's name stand for: Packer's rules, and more endings. A name that says nothing is a tar.gz. */
export function formatOf(name: string): Format {
  const base = name.split(/[/\\]/).at(-1)!.toLowerCase();
  const parts = base.split('.').slice(1);
  const endings = parts.flatMap((part) => (SHORT[part] ?? part).split('.'));
  const last = endings.at(-1) ?? '';
  if (last === 'zip' || last === 'tar') return { archive: last };
  const algorithm = ALGORITHMS[last];
  if (!algorithm) return { archive: 'tar', algorithm: 'gzip' };
  return endings.at(-2) === 'tar' ? { archive: 'tar', algorithm } : { algorithm };
}

/** The highest level that each knows. */
export function highestLevel({ algorithm }: Format): number {
  return algorithm === 'zstd' ? 19 : 9;
}
