import * as fs from 'node:fs/promises';
import * as path from 'node:path';

/** Whether a text has what {@link glob} takes for more than itself. */
export function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}

/**
 * Paths that a pattern finds, sorted: `*` and `?` stand for characters of one name, `[a-z]` for one of a set, `**` for any
 * folders. As in a shell, a leading dot is found only by a dot.
 *
 * @returns relative to `folder` where the pattern is
 */
export async function glob(pattern: string, folder: string): Promise<readonly string[]> {
  const absolute = path.isAbsolute(pattern);
  const parts = pattern.split('/').filter((part, index) => part !== '' && !(part === '.' && index === 0));
  let found = [absolute ? '/' : ''];
  for (const part of parts) {
    const next = await Promise.all(found.map((base) => step(base, part, folder)));
    found = [...new Set(next.flat())];
  }
  return found.filter((name) => name !== '' && name !== '/').sort();
}

async function step(base: string, part: string, folder: string): Promise<string[]> {
  if (part === '**') return [base, ...(await below(base, folder))];
  if (!isPattern(part)) {
    const there = await fs.lstat(path.resolve(folder, base, part)).catch(() => undefined);
    return there ? [path.join(base, part)] : [];
  }
  const test = toExpression(part);
  const names = await fs.readdir(path.resolve(folder, base)).catch(() => []);
  return names
    .filter((name) => test.test(name) && (part.startsWith('.') || !name.startsWith('.')))
    .map((name) => path.join(base, name));
}

async function below(base: string, folder: string): Promise<string[]> {
  const entries = await fs.readdir(path.resolve(folder, base), { withFileTypes: true }).catch(() => []);
  const folders = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => path.join(base, name));
  return [...folders, ...(await Promise.all(folders.map((one) => below(one, folder)))).flat()];
}

function toExpression(part: string): RegExp {
  const source = part.replace(/\*+|\?|\[[!^]?[^\]]+\]|[.*+?^${}()|[\]\\]/g, (token) => {
    if (token.startsWith('*')) return '.*';
    if (token === '?') return '.';
    if (token.length > 2 && token.startsWith('[')) return token.replace(/^\[[!^]/, '[^').replaceAll('\\', '\\\\');
    return `\\${token}`;
  });
  return new RegExp(`^${source}$`, 's');
}
