import * as path from 'node:path';
import type { QemuConfig } from '../props/qemu-props';
import { writeFloppy } from './floppy';
import { writeIso } from './iso';
import { putContent, putPath, type Tree } from './tree';

/** Writes the CD and the floppy that the props describe. Returns their names in the folder. */
export async function writeMedia(
  dir: string,
  config: QemuConfig,
): Promise<{ readonly cds: readonly string[]; readonly floppy: string | undefined }> {
  const { cdFiles = [], cdContent = {}, floppyFiles = [], floppyDirs = [], floppyContent = {} } = config;
  const cd = await treeOf(cdFiles, cdContent);
  const floppy = await treeOf([...floppyFiles, ...floppyDirs], floppyContent);
  if (cd.size > 0) await writeIso(path.join(dir, 'cd.iso'), cd, config.cdLabel ?? 'packer');
  if (floppy.size > 0) await writeFloppy(path.join(dir, 'floppy.img'), floppy, config.floppyLabel ?? 'packer');
  return { cds: cd.size > 0 ? ['cd.iso'] : [], floppy: floppy.size > 0 ? 'floppy.img' : undefined };
}

async function treeOf(paths: readonly string[], content: Readonly<Record<string, string>>): Promise<Tree> {
  const tree: Tree = new Map();
  for (const file of paths) await putPath(tree, file);
  for (const [at, text] of Object.entries(content)) putContent(tree, at, text);
  return tree;
}
