import { StringDecoder } from 'node:string_decoder';

/** Size of the header before each frame: https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach */
const HEADER = 8;

/**
 * Takes a stream in which the engine has put output and errors into frames, cut anywhere, and hands out the pieces.
 * Pieces of a frame are passed on as they come.
 */
export class Demultiplexer {
  private header = Buffer.alloc(HEADER);
  private have = 0;
  private left = 0;
  private stream: 'stdout' | 'stderr' = 'stdout';

  constructor(private readonly onData: (data: Buffer, stream: 'stdout' | 'stderr') => void) {}

  /** Takes the next bytes. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.left > 0) {
        const piece = chunk.subarray(at, at + this.left);
        this.left -= piece.length;
        at += piece.length;
        this.onData(piece, this.stream);
        continue;
      }
      const taken = chunk.copy(this.header, this.have, at, at + HEADER - this.have);
      this.have += taken;
      at += taken;
      if (this.have < HEADER) return;
      this.have = 0;
      this.stream = this.header[0] === 2 ? 'stderr' : 'stdout';
      this.left = this.header.readUInt32BE(4);
    }
  }
}

/** Hands out text, with characters that were cut between chunks put together, for each stream apart. */
export function decodeOutput(onOutput: (text: string, stream: 'stdout' | 'stderr') => void) {
  const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  return {
    push(data: Buffer, stream: 'stdout' | 'stderr'): void {
      const text = decoders[stream].write(data);
      if (text !== '') onOutput(text, stream);
    },
    end(): void {
      for (const stream of ['stdout', 'stderr'] as const) {
        const text = decoders[stream].end();
        if (text !== '') onOutput(text, stream);
      }
    },
  };
}

/** All that a multiplexed stream holds, as one text. */
export async function demuxAll(stream: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  const frames = new Demultiplexer((data) => pieces.push(Buffer.from(data)));
  for await (const chunk of stream) frames.push(chunk);
  return Buffer.concat(pieces).toString('utf8');
}
