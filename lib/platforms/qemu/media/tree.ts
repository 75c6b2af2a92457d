import * as fs from 'node:fs/promises';
import * as path from 'node:path';

/** What a medium holds: files by content or by path, and folders. */
export type Tree = Map<string, Tree | Uint8Array | { readonly file: string; readonly size: number }>;

/** Puts a file given by content at a path of the medium. */
export function putContent(tree: Tree, at: string, content: string | Uint8Array): void {
  const parts = at.split('/').filter((part) => part !== '' && part !== '.');
  const name = parts.pop();
  if (name === undefined) return;
  folderAt(tree, parts).set(name, typeof content === 'string' ? Buffer.from(content) : content);
}

/** Puts a file or a folder of this machine into the medium: what is in a folder where the path ends in a slash, else itself. */
export async function putPath(tree: Tree, source: string): Promise<void> {
  const stat = await fs.stat(source);
  if (!stat.isDirectory()) {
    tree.set(path.basename(source), { file: source, size: stat.size });
    return;
  }
  const into = /[/\\]$/.test(source) ? tree : folderAt(tree, [path.basename(source)]);
  const entries = await fs.readdir(source, { withFileTypes: true });
  for (const { name } of entries.sort((a, b) => (a.name < b.name ? -1 : 1)))
    await putPath(into, path.join(source, name));
}

/** Everything that a file of the medium holds. */
export async function contentOf(entry: Uint8Array | { readonly file: string }): Promise<Uint8Array> {
  return entry instanceof Uint8Array ? entry : fs.readFile(entry.file);
}

/** Size of a file of the medium. */
export function sizeOf(entry: Uint8Array | { readonly size: number }): number {
  return entry instanceof Uint8Array ? entry.length : entry.size;
}

function folderAt(tree: Tree, parts: readonly string[]): Tree {
  let at = tree;
  for (const part of parts) {
    const next = at.get(part);
    const folder: Tree = next instanceof Map ? next : new Map();
    at.set(part, folder);
    at = folder;
  }
  return at;
}
