import { makeEntry, type TarEntry } from './entry';
import type { TarItem } from './reader';
import { encodeHeader, END, fill } from './writer';

/**
 * How layers say that something of the layers below is gone. In an image layer it is an empty file `.wh.NAME`, and `.wh..wh..opq` in a
 * folder of which nothing below shows (OCI image-spec, layer.md, "Whiteouts"); in a folder of overlayfs it is a character device 0/0, and
 * an extended attribute of the folder (kernel, filesystems/overlayfs.rst).
 */
const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
/** Notes of aufs, which meant something to it alone. */
const AUFS = '.wh..wh.';

/** Options of {@link toOverlay}. */
export interface ToOverlay {
  /** Prefix of the attributes that overlayfs keeps notes in. */
  readonly xattr: 'trusted' | 'user';
  /** Whether device nodes may be made; else they are left out. */
  readonly devices: boolean;
}

/** An image layer as a tar archive that unpacks to a folder of overlayfs. What is no whiteout comes out as it went in, byte by byte. */
export async function* toOverlay(items: AsyncIterable<TarItem>, options: ToOverlay): AsyncGenerator<Buffer> {
  const folders = new Map<string, TarEntry>();
  for await (const { entry, raw, body } of items) {
    const slash = entry.name.lastIndexOf('/') + 1;
    const folder = entry.name.slice(0, Math.max(slash - 1, 0));
    const base = entry.name.slice(slash);
    if (entry.type === 'directory') folders.set(entry.name, entry);
    if (base === OPAQUE) {
      const known = folders.get(folder) ?? makeEntry({ name: folder, type: 'directory' });
      const opaque = new Map([...known.xattrs, [`${options.xattr}.overlay.opaque`, Buffer.from('y')]]);
      yield encodeHeader({ ...known, name: folder === '' ? '.' : folder, xattrs: opaque });
    } else if (base.startsWith(AUFS)) {
      continue;
    } else if (base.startsWith(WHITEOUT)) {
      yield encodeHeader(
        makeEntry({ name: entry.name.slice(0, slash) + base.slice(WHITEOUT.length), type: 'char', mode: 0 }),
      );
    } else if (options.devices || (entry.type !== 'char' && entry.type !== 'block')) {
      yield raw;
      let size = 0;
      for await (const part of body()) {
        size += part.length;
        yield part;
      }
      yield fill(size);
    }
  }
  yield END;
}

/** Options of {@link normalise}. */
export interface Normalise {
  /** Seconds since the epoch: nothing in the archive is younger. */
  readonly epoch: number;
  /** Whether the entries come from a folder of overlayfs. */
  readonly overlay: boolean;
  /** Called for every entry that comes out. */
  readonly onEntry?: (entry: TarEntry) => void;
}

/**
 * A tar archive as an image layer: overlayfs' notes become whiteouts, and of the rest only that remains which is the same on every machine.
 * The root folder itself is left out, since an image has one anyway.
 */
export async function* normalise(items: AsyncIterable<TarItem>, options: Normalise): AsyncGenerator<Buffer> {
  const gone = new Set<string>();
  const emit = (entry: TarEntry): Buffer => {
    options.onEntry?.(entry);
    return encodeHeader(entry);
  };
  const whiteout = (name: string): Buffer => emit(makeEntry({ name, type: 'file', mode: 0o644, mtime: options.epoch }));
  for await (const { entry, body } of items) {
    // The kernel makes all whiteouts hard links of one: to tar they are links to the first.
    if (options.overlay && (isWhiteout(entry) || (entry.type === 'link' && gone.has(entry.linkname)))) {
      gone.add(entry.name);
      const slash = entry.name.lastIndexOf('/') + 1;
      yield whiteout(entry.name.slice(0, slash) + WHITEOUT + entry.name.slice(slash));
      continue;
    }
    if (entry.name !== '')
      yield emit({ ...entry, mtime: Math.min(entry.mtime, options.epoch), xattrs: portable(entry) });
    let size = 0;
    for await (const part of body()) {
      size += part.length;
      yield part;
    }
    yield fill(size);
    if (options.overlay && entry.type === 'directory' && isOpaque(entry))
      yield whiteout(entry.name === '' ? OPAQUE : `${entry.name}/${OPAQUE}`);
  }
  yield END;
}

function isWhiteout(entry: TarEntry): boolean {
  return entry.type === 'char' && entry.major === 0 && entry.minor === 0;
}

function isOpaque(entry: TarEntry): boolean {
  return ['trusted', 'user'].some((prefix) => entry.xattrs.get(`${prefix}.overlay.opaque`)?.toString('latin1') === 'y');
}

/** File capabilities and what users wrote; not the labels and checksums of this machine, and not the notes of overlayfs. */
function portable(entry: TarEntry): ReadonlyMap<string, Buffer> {
  return new Map(
    [...entry.xattrs].filter(
      ([name]) => name === 'security.capability' || (name.startsWith('user.') && !name.startsWith('user.overlay.')),
    ),
  );
}
