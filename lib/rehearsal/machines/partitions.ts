import * as fs from 'node:fs/promises';

/** A part of a disk that may hold a file system: where it is, in bytes. */
export interface Part {
  readonly start: number;
  readonly size: number;
  /** Whether the table says that it is the root of a system. */
  readonly isRoot: boolean;
  /** What is in it; undefined where that is no file system of which a root may be. */
  readonly fileSystem: FileSystem | undefined;
}

/** File systems that a root may be of. */
export type FileSystem = 'ext4' | 'xfs' | 'btrfs';

const SECTOR = 512;

/** Types of partitions that hold a root, by architecture: uapi-group.org, "Discoverable Partitions Specification". */
const ROOT_TYPES = new Set([
  '4f68bce3-e8cd-4db1-96e7-fbcaf984b709', // x86-64
  'b921b045-1df0-41c3-af44-4c6f280d3fae', // arm64
  '44479540-f297-41b2-9af7-d131d5f0458a', // x86
]);

/** The parts of a raw disk by its table, GPT or MBR; of a disk without one, all of it. */
export async function partsOf(disk: string): Promise<readonly Part[]> {
  const file = await fs.open(disk);
  try {
    const { size } = await file.stat();
    const read = async (at: number, length: number): Promise<Buffer> => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
      return buffer.subarray(0, bytesRead);
    };
    const whole = { start: 0, size, isRoot: false };
    const bare = await fileSystemAt(read, 0);
    if (bare !== undefined) return [{ ...whole, fileSystem: bare }];
    const listed = (await gptOf(read)) ?? (await mbrOf(read)) ?? [];
    return await Promise.all(listed.map(async (one) => ({ ...one, fileSystem: await fileSystemAt(read, one.start) })));
  } finally {
    await file.close();
  }
}

type Read = (at: number, length: number) => Promise<Buffer>;
type Listed = Omit<Part, 'fileSystem'>;

/** UEFI 2.10, 5.3: the header lies in the second sector, and says where the entries are. */
async function gptOf(read: Read): Promise<Listed[] | undefined> {
  const header = await read(SECTOR, SECTOR);
  if (header.toString('latin1', 0, 8) !== 'EFI PART') return undefined;
  const count = Math.min(header.readUInt32LE(80), 1024);
  const length = header.readUInt32LE(84);
  if (length < 128 || length > 4096) return [];
  const entries = await read(Number(header.readBigUInt64LE(72)) * SECTOR, count * length);
  const found: Listed[] = [];
  for (let at = 0; at + length <= entries.length; at += length) {
    const type = guid(entries.subarray(at, at + 16));
    const first = Number(entries.readBigUInt64LE(at + 32));
    const last = Number(entries.readBigUInt64LE(at + 40));
    if (/^[0-]+$/.test(type) || last < first) continue;
    found.push({ start: first * SECTOR, size: (last - first + 1) * SECTOR, isRoot: ROOT_TYPES.has(type) });
  }
  return found;
}

/** The first three groups of a GUID are little-endian. */
function guid(bytes: Buffer): string {
  const part = (from: number, to: number): string => Buffer.from(bytes.subarray(from, to)).reverse().toString('hex');
  const rest = bytes.toString('hex', 8);
  return [part(0, 4), part(4, 6), part(6, 8), rest.slice(0, 4), rest.slice(4)].join('-');
}

/** Four entries from byte 446 of the first sector; logical partitions within an extended one are not looked for. */
async function mbrOf(read: Read): Promise<Listed[] | undefined> {
  const sector = await read(0, SECTOR);
  if (sector.length < SECTOR || sector.readUInt16LE(510) !== 0xaa55) return undefined;
  return [0, 1, 2, 3].flatMap((index): Listed[] => {
    const at = 446 + index * 16;
    const start = sector.readUInt32LE(at + 8) * SECTOR;
    const size = sector.readUInt32LE(at + 12) * SECTOR;
    return sector[at + 4] === 0 || size === 0 ? [] : [{ start, size, isRoot: false }];
  });
}

/** By their signatures: ext's at 1080, XFS' at the start, btrfs' in its superblock at 64 KiB. */
async function fileSystemAt(read: Read, start: number): Promise<FileSystem | undefined> {
  const [head, btrfs] = [await read(start, 2048), await read(start + 0x10000, 72)];
  if (head.length >= 1082 && head.readUInt16LE(1080) === 0xef53) return 'ext4';
  if (head.toString('latin1', 0, 4) === 'XFSB') return 'xfs';
  return btrfs.toString('latin1', 64, 72) === '_BHRfS_M' ? 'btrfs' : undefined;
}
