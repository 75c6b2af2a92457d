import * as fs from 'node:fs/promises';
import { GoldsmithError } from '../../../errors';
import { longNameEntries, shortEntry } from './fat-entries';
import { isoNames } from './iso-names';
import { contentOf, sizeOf, type Tree } from './tree';

/** A floppy of 1.44 MB, as every PC formats it (Microsoft's FAT specification, section 3). */
const SECTOR = 512;
const SECTORS = 2880;
const FAT_SECTORS = 9;
const ROOT_ENTRIES = 224;
const FIRST_DATA = 1 + 2 * FAT_SECTORS + (ROOT_ENTRIES * 32) / SECTOR;
const CLUSTERS = SECTORS - FIRST_DATA;
const END = 0xfff;

/** Writes a floppy with FAT12 and long names. */
export async function writeFloppy(target: string, tree: Tree, label: string): Promise<void> {
  const disk = new Floppy();
  const root = await disk.folder(tree, 0, 0);
  disk.root(Buffer.concat([shortEntry(volumeName(label), 0x08, 0, 0), root]));
  await fs.writeFile(target, disk.bytes(label), { mode: 0o600 });
}

class Floppy {
  private readonly image = Buffer.alloc(SECTORS * SECTOR);
  private readonly fat: number[] = [0xff0, END];

  /** The entries of a folder, with all that is below it written. */
  async folder(tree: Tree, own: number, parent: number): Promise<Buffer> {
    const names = isoNames([...tree].map(([name, entry]) => [name, entry instanceof Map]));
    const isRoot = own === 0;
    const entries = isRoot ? [] : [shortEntry('.          ', 0x10, own, 0), shortEntry('..         ', 0x10, parent, 0)];
    for (const [name, entry] of tree) {
      const short = padded(names.get(name)!);
      const long = longNameEntries(name, short);
      if (entry instanceof Map) {
        // A folder needs its place before what is in it can say where it lies.
        const count = Math.max(1, Math.ceil(((entry.size * 14 + 2) * 32) / SECTOR));
        const start = this.allocate(count, name);
        const bytes = await this.folder(entry, start, own);
        this.write(start, bytes);
        entries.push(long, shortEntry(short, 0x10, start, 0));
      } else {
        const size = sizeOf(entry);
        const start = size === 0 ? 0 : this.allocate(Math.ceil(size / SECTOR), name);
        if (size > 0) this.write(start, await contentOf(entry));
        entries.push(long, shortEntry(short, 0x20, start, size));
      }
    }
    return Buffer.concat(entries);
  }

  root(entries: Buffer): void {
    if (entries.length > ROOT_ENTRIES * 32) throw tooMuch('its first folder');
    entries.copy(this.image, (1 + 2 * FAT_SECTORS) * SECTOR);
  }

  bytes(label: string): Buffer {
    bootSector(label).copy(this.image);
    for (const copy of [0, 1]) this.table().copy(this.image, (1 + copy * FAT_SECTORS) * SECTOR);
    return this.image;
  }

  /** Clusters in a row, each of one sector. */
  private allocate(count: number, name: string): number {
    const start = this.fat.length;
    if (start + count > CLUSTERS + 2) throw tooMuch(`\`${name}\``);
    for (let index = 1; index <= count; index += 1) this.fat.push(index === count ? END : start + index);
    return start;
  }

  private write(cluster: number, bytes: Uint8Array): void {
    this.image.set(bytes, (FIRST_DATA + cluster - 2) * SECTOR);
  }

  /** Two entries of twelve bits make three bytes. */
  private table(): Buffer {
    const bytes = Buffer.alloc(FAT_SECTORS * SECTOR);
    this.fat.forEach((value, index) => {
      const at = Math.floor((index * 3) / 2);
      if (index % 2 === 0) {
        bytes[at] = value & 0xff;
        bytes[at + 1] = (bytes[at + 1]! & 0xf0) | (value >> 8);
      } else {
        bytes[at] = (bytes[at]! & 0x0f) | ((value & 0x0f) << 4);
        bytes[at + 1] = value >> 4;
      }
    });
    return bytes;
  }
}

function bootSector(label: string): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  Buffer.from('eb3c90', 'hex').copy(bytes);
  bytes.write('MSDOS5.0', 3);
  bytes.writeUInt16LE(SECTOR, 11);
  bytes[13] = 1;
  bytes.writeUInt16LE(1, 14);
  bytes[16] = 2;
  bytes.writeUInt16LE(ROOT_ENTRIES, 17);
  bytes.writeUInt16LE(SECTORS, 19);
  bytes[21] = 0xf0;
  bytes.writeUInt16LE(FAT_SECTORS, 22);
  bytes.writeUInt16LE(18, 24);
  bytes.writeUInt16LE(2, 26);
  bytes[38] = 0x29;
  bytes.writeUInt32LE(0x1980_0101, 39);
  bytes.write(volumeName(label), 43, 'latin1');
  bytes.write('FAT12   ', 54);
  bytes.writeUInt16LE(0xaa55, 510);
  return bytes;
}

function volumeName(label: string): string {
  return label.toUpperCase().padEnd(11).slice(0, 11);
}

/** `NAME.EXT` as the eleven bytes of a folder's entry. */
function padded(name: string): string {
  const [stem = '', ending = ''] = name.split('.');
  return stem.padEnd(8) + ending.padEnd(3);
}

function tooMuch(what: string): GoldsmithError {
  return new GoldsmithError('LAUNCH_FAILED', `${what} does not fit on a floppy, which holds 1.44 MB`, {
    hint: 'put it on a CD instead: `cdFiles`, `cdContent`',
  });
}
