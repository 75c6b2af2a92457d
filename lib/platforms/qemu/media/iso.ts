import * as fs from 'node:fs/promises';
import { GoldsmithError } from '../../../errors';
import { isoNames } from './iso-names';
import { directoryRecord, pathTable, terminator, volumeDescriptor, type Volume } from './iso-records';
import { sizeOf, type Tree } from './tree';

/** Bytes of a sector (ECMA-119, 6.1.2). */
export const SECTOR = 2048;

/** A file, or a folder with where its own records lie in each of the two hierarchies. */
interface Node {
  readonly name: string;
  readonly iso: string;
  readonly content?: Uint8Array | { readonly file: string; readonly size: number };
  readonly children?: readonly Node[];
  size: number;
  sector: number;
  readonly plain: Extent;
  readonly joliet: Extent;
}

interface Extent {
  sector: number;
  size: number;
  /** Number in the path table, from 1. */
  number: number;
}

/**
 * Writes a CD as ECMA-119 (ISO 9660) with Joliet's second set of names, which Linux, Windows and the BSDs read. Equal trees give equal
 * bytes.
 */
export async function writeIso(target: string, tree: Tree, label: string): Promise<void> {
  const root = nodeOf('', '', tree);
  const folders = breadthFirst(root);
  const files = [...folders].flatMap(({ children = [] }) => children.filter(({ children: own }) => own === undefined));
  let next = 19;
  const place = (size: number): number => {
    const at = next;
    next += Math.max(1, Math.ceil(size / SECTOR));
    return at;
  };
  const tables = (['plain', 'joliet'] as const).map((names) => {
    const size = tableSize(folders, names);
    return { names, size, little: place(size), big: place(size) };
  });
  for (const names of ['plain', 'joliet'] as const) {
    folders.forEach((folder, index) => {
      const size = folderSize(folder, names);
      Object.assign(folder[names], { size, sector: place(size), number: index + 1 });
    });
  }
  for (const file of files) file.sector = place(file.size);

  const handle = await fs.open(target, 'wx', 0o600);
  try {
    const write = (sector: number, bytes: Uint8Array): Promise<unknown> =>
      handle.write(bytes, 0, bytes.length, sector * SECTOR);
    for (const [index, { names, size, little, big }] of tables.entries()) {
      const volume: Volume = { label, sectors: next, table: { size, little, big }, root: root[names] };
      await write(16 + index, volumeDescriptor(volume, names));
      for (const [at, order] of [
        [little, 'little'],
        [big, 'big'],
      ] as const)
        await write(at, tableOf(folders, names, order));
    }
    await write(18, terminator());
    for (const names of ['plain', 'joliet'] as const)
      for (const folder of folders) await write(folder[names].sector, folderBytes(folder, names, folders));
    for (const { content, sector } of files) await copy(content!, sector, write);
    await handle.truncate(next * SECTOR);
  } finally {
    await handle.close();
  }
}

function nodeOf(name: string, iso: string, entry: Tree | Node['content']): Node {
  const base = { name, iso, sector: 0, plain: extent(), joliet: extent() };
  if (!(entry instanceof Map)) {
    const size = sizeOf(entry!);
    if (size >= 2 ** 32)
      throw new GoldsmithError('LAUNCH_FAILED', `\`${name}\` is too large for a CD, whose files have at most 4 GiB`);
    return { ...base, size, content: entry! };
  }
  const names = isoNames([...entry].map(([child, value]) => [child, value instanceof Map]));
  const children = [...entry].map(([child, value]) => nodeOf(child, names.get(child)!, value));
  return { ...base, size: 0, children: children.sort((a, b) => (a.iso < b.iso ? -1 : 1)) };
}

function extent(): Extent {
  return { sector: 0, size: 0, number: 0 };
}

/** The order of path tables: by depth, then by parent. */
function breadthFirst(root: Node): Node[] {
  const found = [root];
  for (const folder of found) found.push(...(folder.children ?? []).filter(({ children }) => children !== undefined));
  return found;
}

function parentOf(folder: Node, folders: readonly Node[]): Node {
  return folders.find(({ children = [] }) => children.includes(folder)) ?? folder;
}

function nameOf(node: Node, names: 'plain' | 'joliet'): Buffer {
  const isFile = node.children === undefined;
  if (names === 'plain') return Buffer.from(isFile ? `${node.iso};1` : node.iso, 'latin1');
  return Buffer.from(isFile ? `${node.name};1` : node.name, 'utf16le').swap16();
}

function tableOf(folders: readonly Node[], names: 'plain' | 'joliet', order: 'little' | 'big'): Buffer {
  return pathTable(
    folders.map((folder) => ({
      name: folder.name === '' ? Buffer.from([0]) : nameOf(folder, names),
      sector: folder[names].sector,
      parent: parentOf(folder, folders)[names].number || 1,
    })),
    order,
  );
}

function tableSize(folders: readonly Node[], names: 'plain' | 'joliet'): number {
  return tableOf(folders, names, 'little').length;
}

function recordsOf(folder: Node, names: 'plain' | 'joliet', folders: readonly Node[]): Buffer[] {
  const own = folder[names];
  const up = parentOf(folder, folders)[names];
  return [
    directoryRecord(Buffer.from([0]), own, true),
    directoryRecord(Buffer.from([1]), up, true),
    ...(folder.children ?? []).map((child) =>
      directoryRecord(nameOf(child, names), child.children ? child[names] : child, child.children !== undefined),
    ),
  ];
}

/** No record crosses the border of a sector. */
function folderBytes(folder: Node, names: 'plain' | 'joliet', folders: readonly Node[]): Buffer {
  const parts: Buffer[] = [];
  let used = 0;
  for (const record of recordsOf(folder, names, folders)) {
    const left = SECTOR - (used % SECTOR);
    if (record.length > left) {
      parts.push(Buffer.alloc(left));
      used += left;
    }
    parts.push(record);
    used += record.length;
  }
  parts.push(Buffer.alloc((SECTOR - (used % SECTOR)) % SECTOR));
  return Buffer.concat(parts);
}

function folderSize(folder: Node, names: 'plain' | 'joliet'): number {
  return folderBytes(folder, names, [folder]).length;
}

async function copy(
  content: NonNullable<Node['content']>,
  sector: number,
  write: (sector: number, bytes: Uint8Array) => Promise<unknown>,
): Promise<void> {
  if (content instanceof Uint8Array) {
    await write(sector, content);
    return;
  }
  const source = await fs.open(content.file);
  try {
    const buffer = Buffer.alloc(512 * SECTOR);
    for (let at = sector; ; at += 512) {
      const { bytesRead } = await source.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return;
      await write(at, buffer.subarray(0, bytesRead));
    }
  } finally {
    await source.close();
  }
}
