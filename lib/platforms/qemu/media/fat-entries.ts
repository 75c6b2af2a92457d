/** The first of January 1980, 00:00: equal content gives equal bytes. */
const DATE = (1 << 5) | 1;

/** An entry of 32 bytes: eleven of the name, what it is, where it begins and how long it is. */
export function shortEntry(name: string, attributes: number, cluster: number, size: number): Buffer {
  const bytes = Buffer.alloc(32);
  bytes.write(name, 0, 11, 'latin1');
  bytes[11] = attributes;
  for (const at of [16, 18, 24]) bytes.writeUInt16LE(DATE, at);
  bytes.writeUInt16LE(cluster, 26);
  bytes.writeUInt32LE(size, 28);
  return bytes;
}

/** The entries before it that hold the whole name, thirteen characters each, the last part first. */
export function longNameEntries(name: string, short: string): Buffer {
  const units = Buffer.from(`${name}\0`, 'utf16le');
  const count = Math.ceil((units.length / 2 - 1) / 13);
  const sum = [...short].reduce((before, char) => (((before & 1) << 7) + (before >> 1) + char.charCodeAt(0)) & 0xff, 0);
  const parts = Array.from({ length: count }, (_, index) => {
    const bytes = Buffer.alloc(32, 0xff);
    const part = Buffer.alloc(26, 0xff);
    units.copy(part, 0, index * 26, Math.min(units.length, (index + 1) * 26));
    bytes[0] = (index + 1) | (index === count - 1 ? 0x40 : 0);
    part.copy(bytes, 1, 0, 10);
    bytes[11] = 0x0f;
    bytes[12] = 0;
    bytes[13] = sum;
    part.copy(bytes, 14, 10, 22);
    bytes.writeUInt16LE(0, 26);
    part.copy(bytes, 28, 22, 26);
    return bytes;
  });
  return Buffer.concat(parts.reverse());
}
