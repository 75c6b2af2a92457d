import { padding } from './entry';

/** Content of an entry within the bytes. */
export interface Content {
  readonly offset: number;
  stream(): AsyncGenerator<Buffer>;
  /** Skips what was not taken, and the padding. */
  finish(): Promise<void>;
}

/** Where the bytes of an archive come from. */
export interface TarBytes {
  /** `length` bytes; undefined where there is not one more. */
  read(length: number): Promise<Buffer | undefined>;
  /** `length` bytes, which must be there. */
  need(length: number): Promise<Buffer>;
  /** The next `size` bytes as the content of an entry. */
  begin(size: number): Content;
  /** Takes what comes after the end of the archive. */
  drain(): Promise<void>;
}

/** Takes bytes in the amounts that a tar archive is made of, from chunks as they come. */
export class ByteReader implements TarBytes {
  private readonly source: AsyncIterator<Uint8Array>;
  private buffer: Buffer = Buffer.alloc(0);
  private position = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.source = source[Symbol.asyncIterator]();
  }

  /** `length` bytes; undefined where there is not one more. */
  async read(length: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      const part = await this.some(missing);
      if (!part) {
        if (parts.length === 0) return undefined;
        throw new Error('the tar archive ends too early');
      }
      parts.push(part);
      missing -= part.length;
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
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
    const content = { left: size };
    return {
      offset: this.position,
      stream: () => this.take(content),
      finish: async () => {
        for await (const part of this.take(content)) void part;
        await this.need(padding(size));
      },
    };
  }

  /** Reads to the end, so that whoever writes into this never sees a broken pipe. */
  async drain(): Promise<void> {
    while (!(await this.source.next()).done);
  }

  private async *take(content: { left: number }): AsyncGenerator<Buffer> {
    while (content.left > 0) {
      const part = await this.some(content.left);
      if (!part) throw new Error('the tar archive ends too early');
      content.left -= part.length;
      yield part;
    }
  }

  /** Up to `most` bytes; undefined at the end. */
  private async some(most: number): Promise<Buffer | undefined> {
    while (this.buffer.length === 0) {
      const next = await this.source.next();
      if (next.done) return undefined;
      const chunk = next.value;
      this.buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    }
    const part = this.buffer.subarray(0, most);
    this.buffer = this.buffer.subarray(part.length);
    this.position += part.length;
    return part;
  }
}
