import * as fs from 'node:fs';
import * as path from 'node:path';

/** The repository. */
export const ROOT = path.join(__dirname, '..', '..');

/** A block of code in a page. */
export interface CodeBlock {
  /** Path of the page from the top, and the line at which the code begins. */
  readonly at: string;
  readonly language: string;
  readonly code: string;
}

/** Pages that people read: all Markdown that is ours, by path from the top. */
export function pages(): readonly string[] {
  const folders = ['.', 'docs', ...fs.readdirSync(path.join(ROOT, 'examples')).map((name) => `examples/${name}`)];
  return folders.flatMap((folder) =>
    fs.statSync(path.join(ROOT, folder)).isDirectory()
      ? fs
          .readdirSync(path.join(ROOT, folder))
          .filter((name) => name.endsWith('.md'))
          .map((name) => path.posix.join(folder, name))
      : [],
  );
}

/** The text of a page. */
export function read(page: string): string {
  return fs.readFileSync(path.join(ROOT, page), 'utf8');
}

/** The blocks of a page, in order. */
export function blocksOf(page: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of read(page).split('\n').entries()) {
    const fence = /^\s*```(\w*)\s*$/.exec(line);
    if (!fence) open?.lines.push(line);
    else if (!open) open = { language: fence[1]!, line: index + 2, lines: [] };
    else {
      blocks.push({ at: `${page}:${open.line}`, language: open.language, code: open.lines.join('\n') });
      open = undefined;
    }
  }
  return blocks;
}

/** A page without its blocks of code. */
export function proseOf(page: string): string {
  return read(page).replace(/^\s*```[\s\S]*?^\s*```\s*$/gm, '');
}

/** What can be linked to within a page: its headings, as GitHub names them. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const headings = [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!);
  const slug = (heading: string): string =>
    heading
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
  return new Set(headings.map(slug));
}

/** The examples in the comments of the library's code. */
export function examplesInCode(): readonly CodeBlock[] {
  const files = fs.readdirSync(path.join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .flatMap((file) => {
      const name = path.posix.join('lib', file.split(path.sep).join('/'));
      const text = read(name);
      const found = text.matchAll(/^ *\* @example\n((?: *\*(?! @|\/).*\n)+)/gm);
      return [...found].map(([, body], index) => ({
        at: `${name}, example ${index + 1}`,
        language: 'ts',
        code: body!.replace(/^ *\* ?/gm, '').trim(),
      }));
    });
}
