import type { FileHandle } from 'node:fs/promises';
import type { Content, TarBytes } from './byte-reader';
import { padding } from './entry';

/** Takes bytes from a file, and skips what nobody wants: the list of a large archive costs few reads. */
export class FileBytes implements TarBytes {
  private position = 0;

  constructor(private readonly file: FileHandle) {}

  /** `length` bytes; undefined at the end. */
  async read(length: number): Promise<Buffer | undefined> {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await this.file.read(buffer, 0, length, this.position);
    if (bytesRead === 0) return undefined;
    if (bytesRead < length) throw new Error('the tar archive ends too early');
    this.position += length;
    return buffer;
  }

  /** `length` bytes, which must be there. */
  async need(length: number): Promise<Buffer> {
    if (length === 0) return Buffer.alloc(0);
    const bytes = await this.read(length);
    if (!bytes) throw new Error('the tar archive ends too early');
    return bytes;
  }

  /** The next `size` bytes as the content of an entry. */
  begin(size: number): Content {
    const offset = this.position;
    const stream = (): AsyncGenerator<Buffer> => readRange(this.file, offset, size);
    const finish = (): Promise<void> => {
      this.position = offset + size + padding(size);
      return Promise.resolve();
    };
    return { offset, stream, finish };
  }

  /** Nothing waits for the rest of a file. */
  drain(): Promise<void> {
    return Promise.resolve();
  }
}

/** A part of a file. */
export async function* readRange(file: FileHandle, offset: number, size: number): AsyncGenerator<Buffer> {
  for (let done = 0; done < size;) {
    const buffer = Buffer.allocUnsafe(Math.min(1 << 18, size - done));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset + done);
    if (bytesRead === 0) throw new Error('the file ends too early');
    done += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
