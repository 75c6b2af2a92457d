/** Formats of disks that goldsmith reads and writes, by the names that qemu-img has for them, with the ending of their files. */
export const DISK_ENDINGS = {
  qcow2: 'qcow2',
  raw: 'img',
  vmdk: 'vmdk',
  vpc: 'vhd',
  vhdx: 'vhdx',
  vdi: 'vdi',
} as const;

/** A format of a disk. */
export type DiskFormat = keyof typeof DISK_ENDINGS;

/** All formats. */
export const DISK_FORMATS = Object.keys(DISK_ENDINGS) as readonly DiskFormat[];

/** Whether something is the name of a format. */
export function isDiskFormat(value: unknown): value is DiskFormat {
  return typeof value === 'string' && Object.hasOwn(DISK_ENDINGS, value);
}

/**
 * The format that a file's ending stands for. Undefined where it says nothing: `.img` is a raw disk here and a qcow2 there.
 */
export function formatByEnding(file: string): DiskFormat | undefined {
  const ending = /\.([^./\\]+)$/.exec(file)?.[1]?.toLowerCase();
  if (ending === 'raw') return 'raw';
  return DISK_FORMATS.find((format) => format !== 'raw' && DISK_ENDINGS[format] === ending);
}
