import type { FileHandle } from 'node:fs/promises';

/** Reads exactly these bytes of a file. */
export async function readAt(disk: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await disk.read(Buffer.alloc(length), 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

/** Writes bytes into a file. */
export async function writeAt(disk: FileHandle, offset: number, bytes: Buffer): Promise<void> {
  await disk.write(bytes, 0, bytes.length, offset);
}
