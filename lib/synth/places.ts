import * as fs from 'node:fs';
import * as path from 'node:path';

/** Names files of the program so that the name is the same wherever the program lies. */
export class Places {
  private readonly known = new Map<string, string>();

  constructor(private readonly baseDir: string) {}

  /** Relative to the program; for a file of another package, relative to that and led by its name. */
  nameOf(file: string): string {
    let name = this.known.get(file);
    if (name === undefined) this.known.set(file, (name = this.find(file).split(path.sep).join('/')));
    return name;
  }

  private find(file: string): string {
    const relative = path.relative(this.baseDir, file);
    const isInside = (from: string): boolean => !from.startsWith('..') && !path.isAbsolute(from);
    if (isInside(relative) && !relative.split(path.sep).includes('node_modules')) return relative;
    const root = packageOf(path.dirname(file));
    if (root === undefined) return path.basename(file);
    if (isInside(path.relative(root.dir, this.baseDir))) return relative;
    return path.join(root.name, path.relative(root.dir, file));
  }
}

function packageOf(start: string): { readonly dir: string; readonly name: string } | undefined {
  for (let dir = start; ; dir = path.dirname(dir)) {
    try {
      const { name } = JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8')) as { name?: unknown };
      if (typeof name === 'string') return { dir, name };
    } catch {
      // No package.json here, or none that can be read: the one above counts.
    }
    if (dir === path.dirname(dir)) return undefined;
  }
}
