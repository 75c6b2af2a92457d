import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** Several checksums of a file, in hex by type, in one pass. */
export async function digestsOf(
  file: string,
  types: readonly string[],
  signal: AbortSignal,
  onData: (bytes: number) => void = () => undefined,
): Promise<ReadonlyMap<string, string>> {
  const hashes = types.map((type) => createHash(type));
  try {
    for await (const chunk of createReadStream(file, { signal, highWaterMark: 1024 * 1024 })) {
      for (const hash of hashes) hash.update(chunk as Buffer);
      onData((chunk as Buffer).length);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
  return new Map(types.map((type, index) => [type, hashes[index]!.digest('hex')]));
}
