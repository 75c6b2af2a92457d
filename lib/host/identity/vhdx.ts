import type { FileHandle } from 'node:fs/promises';
import type { Identity } from './index';
import { readAt, writeAt } from './bytes';

/** Where the two headers and the two region tables are, and how much their checksums cover (MS-VHDX, 2.2). */
const HEADERS = [64 * 1024, 128 * 1024] as const;
const HEADER = 4096;
const REGIONS = 192 * 1024;
/** MS-VHDX 2.2.3.2 and 2.6.2.6: the region of metadata, and of those the id of the virtual disk. */
const METADATA = '06a27c8b90479a4bb8fe575f050f886e';
const DISK_ID = 'ab12cabee6b2234593efc309e000c746';

/** GUIDs, sequence numbers, and what is left in a log that is not in use. */
export async function fixVhdx(disk: FileHandle, { uuid }: Identity): Promise<void> {
  const headers = await Promise.all(HEADERS.map((offset) => readAt(disk, offset, HEADER)));
  if (headers.some((header) => header.toString('latin1', 0, 4) !== 'head')) return;
  // A log in use counts by its own checksums: such a disk stays as it is.
  if (headers.some((header) => header.subarray(48, 64).some((byte) => byte !== 0))) return;
  const newest = headers[0]!.readBigUInt64LE(8) > headers[1]!.readBigUInt64LE(8) ? 0 : 1;
  for (const [index, header] of headers.entries()) {
    header.writeBigUInt64LE(index === newest ? 2n : 1n, 8);
    uuid('file').copy(header, 16);
    uuid('data').copy(header, 32);
    header.writeUInt32LE(0, 4);
    header.writeUInt32LE(crc32c(header), 4);
    await writeAt(disk, HEADERS[index]!, header);
  }
  await writeAt(disk, Number(headers[0]!.readBigUInt64LE(72)), Buffer.alloc(headers[0]!.readUInt32LE(68)));
  const id = await diskIdOf(disk);
  if (id !== undefined) await writeAt(disk, id, uuid('disk'));
}

/** Where the id of the virtual disk is. */
async function diskIdOf(disk: FileHandle): Promise<number | undefined> {
  const regions = await readAt(disk, REGIONS, HEADER);
  const region = entryOf(regions, 16, regions.readUInt32LE(8), METADATA);
  if (region === undefined) return undefined;
  const start = Number(region.readBigUInt64LE(16));
  const table = await readAt(disk, start, 64 * 1024);
  const item = entryOf(table, 32, table.readUInt16LE(10), DISK_ID);
  return item && start + item.readUInt32LE(16);
}

function entryOf(table: Buffer, first: number, count: number, id: string): Buffer | undefined {
  const entries = Array.from({ length: count }, (_, index) =>
    table.subarray(first + index * 32, first + index * 32 + 32),
  );
  return entries.find((entry) => entry.toString('hex', 0, 16) === id);
}

/** CRC-32C (RFC 3720, B.4), as of the polynomial 0x1EDC6F41, reflected. */
function crc32c(bytes: Buffer): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}
