import type { FileHandle } from 'node:fs/promises';
import type { Identity } from './index';
import { readAt, writeAt } from './bytes';

const SECTOR = 512;

/** The descriptor within a sparse extent (VMware, Virtual Disk Format 5.0): a content id, and the name of the file itself. */
export async function fixVmdk(disk: FileHandle, { uuid, name }: Identity): Promise<void> {
  const header = await readAt(disk, 0, 44);
  if (header.toString('latin1', 0, 4) !== 'KDMV') return;
  const offset = Number(header.readBigUInt64LE(28)) * SECTOR;
  const room = Number(header.readBigUInt64LE(36)) * SECTOR;
  const before = (await readAt(disk, offset, room)).toString('utf8').replace(/\0.*$/s, '');
  const id = uuid('content').toString('hex', 0, 4);
  const after = before
    .replace(/^CID=.*$/m, `CID=${id}`)
    .replace(/^(RW \d+ SPARSE ).*$/m, (_line, start: string) => `${start}"${name.replaceAll('"', '')}"`);
  const descriptor = Buffer.alloc(room);
  // A name for which there is no room stays as it is: readers of a single file do not look at it.
  descriptor.write(Buffer.byteLength(after) <= room ? after : before);
  await writeAt(disk, offset, descriptor);
}
