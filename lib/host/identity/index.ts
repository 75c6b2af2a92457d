import * as fs from 'node:fs/promises';
import { sha256 } from '../../plan/digest';
import type { DiskFormat } from '../disk-format';
import { fixVdi, fixVpc } from './virtual-pc';
import { fixVhdx } from './vhdx';
import { fixVmdk } from './vmdk';

/** Where what is fixed takes its bytes from: equal seeds, equal disks. */
export interface Identity {
  /** Sixteen bytes for each name: a UUID of version 4, by its bits. */
  uuid(name: string): Buffer;
  /** The name that the disk gets in the end. */
  readonly name: string;
}

/**
 * Gives a disk that qemu-img just wrote identifiers that follow from its content, in place of random ones and of the time: the same
 * content gives the same bytes. Only what identifies changes. A qcow2 and a raw disk have nothing of the kind.
 *
 * @param seed what the content is known by, such as its checksum
 * @param name the name that the file gets in the end: a vmdk has its own name in it
 */
export async function fixIdentity(file: string, format: DiskFormat, seed: string, name: string): Promise<void> {
  const fix = FIXES[format];
  if (!fix) return;
  const handle = await fs.open(file, 'r+');
  try {
    await fix(handle, { uuid: (what) => uuidOf(`${format} ${what} ${seed}`), name });
  } finally {
    await handle.close();
  }
}

const FIXES: Readonly<Partial<Record<DiskFormat, (disk: fs.FileHandle, identity: Identity) => Promise<void>>>> = {
  vmdk: fixVmdk,
  vpc: fixVpc,
  vhdx: fixVhdx,
  vdi: fixVdi,
};

function uuidOf(text: string): Buffer {
  const bytes = Buffer.from(sha256(text), 'hex').subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes;
}
