import { Readable } from 'node:stream';
import { ahead } from '../ahead';
import { batched } from '../batched';
import type { LocalEntry } from './list';
import { type Owner, packEntry, smallContent } from './pack-entry';

/** Bytes that go on at once: an entry has two pieces at least. */
const BATCH = 256 * 1024;

/** Small files that are read at once. */
const AHEAD = 16;

/** Options of {@link packEntries}. */
export interface PackOptions {
  /** @default - root */
  readonly owner?: Owner;
  /** Told what was read of files, as it goes. */
  readonly onBytes?: (count: number) => void;
  /** Files that are not on disk, by name: they come first. */
  readonly extra?: Readonly<Record<string, Buffer>>;
  /** Gives all entries one time, and permissions without more than what is needed: the same content gives the same bytes. @default false */
  readonly plain?: boolean;
  /** Name of an empty file that ends the archive: who finds it knows that nothing is missing. */
  readonly last?: string;
}

/** A tar archive of local files, read while it is sent. A file that grows or shrinks meanwhile is an error. */
export function packEntries(entries: readonly LocalEntry[], options: PackOptions = {}): Readable {
  const { owner = { uid: 0, gid: 0 }, onBytes = () => undefined, extra = {}, last, plain = false } = options;
  const { pack } = require('tar-stream') as typeof import('tar-stream');
  const archive = pack();
  // Whoever reads the archive may give up: then nothing drains any more.
  const closed = new Promise<void>((resolve) => void archive.once('close', () => resolve()));
  const write = async (): Promise<void> => {
    for (const [name, content] of Object.entries(extra))
      archive.entry({ name, mode: 0o644, ...owner, mtime: new Date(0) }, content);
    const read = async (entry: LocalEntry) => ({ entry, content: await smallContent(entry) });
    for await (const { entry, content } of ahead(entries, AHEAD, read)) {
      await packEntry({ archive, closed, owner, onBytes, plain }, entry, content);
      if (archive.destroying) return;
    }
    if (last !== undefined) archive.entry({ name: last, mode: 0o600 }, '');
    archive.finalize();
  };
  write().catch((error: Error) => archive.destroy(error));
  return Readable.from(batched(archive as AsyncIterable<Buffer>, BATCH), { objectMode: false });
}
