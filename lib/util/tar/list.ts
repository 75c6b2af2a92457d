import type { Stats } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';

/** A file, folder or link below a local folder. */
export interface LocalEntry {
  /** Relative to the folder, with `/`; the folder itself is never in a list. */
  readonly name: string;
  readonly file: string;
  readonly stat: Stats;
}

/**
 * Everything below a local folder that can be copied, folders before what is in them, by name. Sockets and devices are passed over.
 *
 * @param wanted says by its name whether an entry is taken
 */
export async function listLocal(root: string, wanted: (name: string) => boolean = () => true): Promise<LocalEntry[]> {
  const entries: LocalEntry[] = [];
  const visit = async (folder: string, prefix: string): Promise<void> => {
    const names = (await fs.readdir(folder)).sort();
    const found = await Promise.all(
      names.map(async (child) => {
        const file = path.join(folder, child);
        return { name: prefix + child, file, stat: await fs.lstat(file) };
      }),
    );
    for (const entry of found) {
      const { stat } = entry;
      const isCopied = stat.isDirectory() || stat.isFile() || stat.isSymbolicLink();
      if (isCopied && wanted(entry.name)) entries.push(entry);
      // Not wanted itself, a folder may still hold what is: an exception to a rule of .dockerignore.
      if (stat.isDirectory()) await visit(entry.file, `${entry.name}/`);
    }
  };
  await visit(root, '');
  return entries;
}
