import type { TarItem } from '../../../host/tar/reader';
import { encodeHeader, END, fill } from '../../../host/tar/writer';

/**
 * Several layers as one, whiteouts kept: the difference that they make together. Layers come highest first, and without hard
 * links, since the target of one may be another file in a higher layer.
 */
export async function* mergeLayers(layers: readonly AsyncIterable<TarItem>[]): AsyncGenerator<Buffer> {
  /** Names that a higher layer has said something of. */
  const said = new Set<string>();
  /** Below these, or in these, nothing of a lower layer shows. */
  const closed = new Set<string>();
  for (const layer of layers) {
    const saying: string[] = [];
    const closing: string[] = [];
    for await (const { entry, body } of layer) {
      const { folder, base } = split(entry.name);
      const opaque = base === '.wh..wh..opq';
      const gone = !opaque && base.startsWith('.wh.');
      const name = gone ? join(folder, base.slice(4)) : entry.name;
      if (said.has(name) || isBelow(folder, closed)) continue;
      yield encodeHeader(entry);
      yield* body();
      yield fill(entry.type === 'file' ? entry.size : 0);
      saying.push(name);
      if (opaque) closing.push(folder);
      else if (gone || entry.type !== 'directory') closing.push(name);
    }
    for (const name of saying) said.add(name);
    for (const name of closing) closed.add(name);
  }
  yield END;
}

function isBelow(folder: string, closed: ReadonlySet<string>): boolean {
  for (let at = folder; at !== ''; at = split(at).folder) if (closed.has(at)) return true;
  return closed.has('');
}

function split(name: string): { folder: string; base: string } {
  const slash = name.lastIndexOf('/');
  return { folder: slash < 0 ? '' : name.slice(0, slash), base: name.slice(slash + 1) };
}

function join(folder: string, base: string): string {
  return folder === '' ? base : `${folder}/${base}`;
}
