import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { writeAs } from '../convert-run';
import type { Disk } from '../disks';
import type { BoxFile, BoxInput, WantedDisk } from './box';

/** The disks of a box: as they are where the provider takes them so, else converted for as long as the box is written. */
export async function boxDisks(
  disks: readonly Disk[],
  wanted: WantedDisk,
  input: BoxInput,
): Promise<readonly BoxFile[]> {
  const files: BoxFile[] = [];
  for (const [index, disk] of disks.entries()) {
    const name = wanted.name(index);
    if (wanted.asItIs === true && disk.format === wanted.format)
      files.push({ name, file: disk.path, stat: disk.stats });
    else {
      const file = path.join(await input.temporary(), `disk-${index}.${wanted.format}`);
      const how = {
        name: path.basename(name),
        ...(wanted.subformat && { subformats: { vmdk: wanted.subformat } }),
        ...(wanted.args && { qemuImgArgs: [...wanted.args] }),
      };
      await writeAs(disk, wanted.format, file, how, input.ctx);
      files.push({ name, file, stat: await fs.stat(file) });
    }
  }
  return files;
}
