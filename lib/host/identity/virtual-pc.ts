import type { FileHandle } from 'node:fs/promises';
import type { Identity } from './index';
import { readAt, writeAt } from './bytes';

const FOOTER = 512;

/** The footer of a VHD, and its copy at the start of a dynamic one (Microsoft, VHD Image Format Specification): time, UUID, checksum. */
export async function fixVpc(disk: FileHandle, { uuid }: Identity): Promise<void> {
  const { size } = await disk.stat();
  for (const offset of [0, size - FOOTER]) {
    const footer = await readAt(disk, offset, FOOTER);
    if (footer.toString('latin1', 0, 8) !== 'conectix') continue;
    footer.writeUInt32BE(0, 24);
    uuid('disk').copy(footer, 68);
    footer.writeUInt32BE(0, 64);
    const sum = footer.reduce((total, byte) => total + byte, 0);
    footer.writeUInt32BE(~sum >>> 0, 64);
    await writeAt(disk, offset, footer);
  }
}

/** The header of a VDI (VirtualBox, VDICore.h, VDIHEADER1): UUIDs of its creation and last change. */
export async function fixVdi(disk: FileHandle, { uuid }: Identity): Promise<void> {
  const header = await readAt(disk, 0, 424);
  if (header.readUInt32LE(64) !== 0xbeda107f) return;
  await writeAt(disk, 392, Buffer.concat([uuid('disk'), uuid('change')]));
}
