import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../errors';
import { explainErrno } from '../util/errno';
import { starterFiles, type StarterFile, type StarterOptions } from './init-files';

export { starterFiles, type StarterFile, type StarterOptions } from './init-files';

/**
 * Writes the starter project into a folder, which is made where it is missing. Replaces nothing: where one of the files
 * is there already, none is written.
 *
 * @returns the paths of the files, relative to `dir`
 */
export async function writeStarter(dir: string, options: StarterOptions): Promise<readonly string[]> {
  const files = starterFiles(options);
  const inTheWay = await existing(dir, files);
  if (inTheWay.length > 0) {
    throw new GoldsmithError('OUTPUT_EXISTS', `${dir} already has ${inTheWay.join(', ')}; nothing was written`, {
      hint: 'name an empty or a new folder: `goldsmith init my-images`',
    });
  }
  const written: string[] = [];
  try {
    for (const { name, content } of files) {
      const file = path.join(dir, name);
      await fs.mkdir(path.dirname(file), { recursive: true });
      // `wx`: a file that appeared meanwhile is not replaced either.
      await fs.writeFile(file, content, { flag: 'wx' });
      written.push(name);
    }
  } catch (error) {
    await Promise.all(written.map((name) => fs.rm(path.join(dir, name), { force: true })));
    throw explainErrno(error, `writing the starter project to ${dir}`);
  }
  return written;
}

async function existing(dir: string, files: readonly StarterFile[]): Promise<string[]> {
  const there = await Promise.all(files.map(({ name }) => fs.lstat(path.join(dir, name)).catch(() => undefined)));
  return files.flatMap(({ name }, index) => (there[index] ? [name] : []));
}

/** A name for the app and the npm package, from the folder's: letters, digits and dashes. */
export function starterName(dir: string): string {
  const name = path
    .basename(path.resolve(dir))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return name === '' ? 'my-images' : name;
}
