/** The head of a volume, in the words of ECMA-119, 8.4. */
export interface Volume {
  readonly label: string;
  /** Sectors of the whole. */
  readonly sectors: number;
  readonly table: { readonly size: number; readonly little: number; readonly big: number };
  readonly root: { readonly sector: number; readonly size: number };
}

/** Joliet's mark for names in UCS-2, level 3. */
const UCS2 = '%/E';

/** A primary volume descriptor, or Joliet's supplementary one. */
export function volumeDescriptor({ label, sectors, table, root }: Volume, names: 'plain' | 'joliet'): Buffer {
  const isJoliet = names === 'joliet';
  const bytes = Buffer.alloc(2048);
  const words = (text: string, at: number, length: number): void => {
    if (isJoliet)
      Buffer.from(text.padEnd(length / 2), 'utf16le')
        .swap16()
        .copy(bytes, at, 0, length);
    else bytes.write(text.padEnd(length).slice(0, length), at, 'latin1');
  };
  bytes[0] = isJoliet ? 2 : 1;
  bytes.write('CD001', 1);
  bytes[6] = 1;
  words('', 8, 32);
  words(label, 40, 32);
  both32(bytes, 80, sectors);
  if (isJoliet) bytes.write(UCS2, 88);
  both16(bytes, 120, 1);
  both16(bytes, 124, 1);
  both16(bytes, 128, 2048);
  both32(bytes, 132, table.size);
  bytes.writeUInt32LE(table.little, 140);
  bytes.writeUInt32BE(table.big, 148);
  directoryRecord(Buffer.from([0]), root, true).copy(bytes, 156);
  for (const [at, length] of [
    [190, 128],
    [318, 128],
    [446, 128],
    [574, 128],
    [702, 36],
    [740, 36],
    [776, 36],
  ] as const)
    words('', at, length);
  for (const at of [813, 830, 847, 864]) bytes.write('0'.repeat(16), at);
  bytes[881] = 1;
  return bytes;
}

/** What ends the list of volume descriptors. */
export function terminator(): Buffer {
  const bytes = Buffer.alloc(2048);
  bytes[0] = 255;
  bytes.write('CD001', 1);
  bytes[6] = 1;
  return bytes;
}

/** A record of a folder (9.1). All times are the first of January 1980, so that equal content gives equal bytes. */
export function directoryRecord(
  name: Buffer,
  { sector, size }: { readonly sector: number; readonly size: number },
  isFolder: boolean,
): Buffer {
  const length = 33 + name.length + ((name.length + 1) % 2);
  const bytes = Buffer.alloc(length);
  bytes[0] = length;
  both32(bytes, 2, sector);
  both32(bytes, 10, size);
  Buffer.from([80, 1, 1, 0, 0, 0, 0]).copy(bytes, 18);
  bytes[25] = isFolder ? 2 : 0;
  both16(bytes, 28, 1);
  bytes[32] = name.length;
  name.copy(bytes, 33);
  return bytes;
}

/** The table of all folders (9.4), in one of the two byte orders. */
export function pathTable(
  folders: readonly { readonly name: Buffer; readonly sector: number; readonly parent: number }[],
  order: 'little' | 'big',
): Buffer {
  return Buffer.concat(
    folders.map(({ name, sector, parent }) => {
      const bytes = Buffer.alloc(8 + name.length + (name.length % 2));
      bytes[0] = name.length;
      if (order === 'little') {
        bytes.writeUInt32LE(sector, 2);
        bytes.writeUInt16LE(parent, 6);
      } else {
        bytes.writeUInt32BE(sector, 2);
        bytes.writeUInt16BE(parent, 6);
      }
      name.copy(bytes, 8);
      return bytes;
    }),
  );
}

function both16(bytes: Buffer, at: number, value: number): void {
  bytes.writeUInt16LE(value, at);
  bytes.writeUInt16BE(value, at + 2);
}

function both32(bytes: Buffer, at: number, value: number): void {
  bytes.writeUInt32LE(value, at);
  bytes.writeUInt32BE(value, at + 4);
}
