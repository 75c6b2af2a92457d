import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../errors';
import type { Artifact, ArtifactFile, ResourceRecord } from '../extension/artifact';
import type { ProcessContext } from '../extension/context';
import { DISK_ENDINGS, type DiskFormat } from '../host/disk-format';
import { fixIdentity } from '../host/identity';
import { convertDisk } from '../host/qemu-img';
import { beside } from '../util/beside';
import { renderTemplate } from '../util/template';
import { CONVERT_OUTPUT, type ConvertConfig } from './convert';
import { digestOf, EFIVARS, machineOf, type Disk } from './disks';
import { nameFields, namesKnown } from './naming';

/** The names of the first disk, as far as they are known before a build. */
export function convertedNames({ formats, output }: ConvertConfig): readonly string[] {
  if (output === undefined || /\{\{-?\s*\.Buil/.test(output)) return [];
  return formats.flatMap((format) => namesKnown(nameFor(output, format, {})));
}

function nameFor(output: string, format: DiskFormat, fields: Readonly<Record<string, string>>): string {
  return renderTemplate('output', output, { ...fields, Format: format, Extension: DISK_ENDINGS[format] });
}

/** Writes each disk in each format, and what belongs to the disks beside them. */
export async function convertDisks(
  config: ConvertConfig,
  inputs: readonly Artifact[],
  ctx: ProcessContext,
): Promise<Artifact> {
  const { disks, efivars } = await machineOf(inputs, 'convert', config.inputFormat, ctx);
  const fields = nameFields(ctx.node.id, ctx.origins);
  const names = new Map(config.formats.map((one) => [one, nameFor(config.output ?? CONVERT_OUTPUT, one, fields)]));
  refuseOwnInput(disks, [...names.values()], ctx);

  const files: ArtifactFile[] = [];
  const resources: ResourceRecord[] = [];
  const byFormat: Record<string, string[]> = {};
  for (const [format, output] of names) {
    byFormat[format] = [];
    for (const [index, disk] of disks.entries()) {
      const name = index === 0 ? output : beside(output, `-${index}`);
      const { record, file } = await writeDisk(disk, format, name, config, ctx);
      resources.push(record);
      files.push(file);
      byFormat[format].push(name);
      ctx.say(`wrote ${name}: ${file.size} bytes`);
    }
  }
  const [[format, output] = ['qcow2', ''] as const] = names;
  const kept = efivars && beside(output, '', EFIVARS);
  if (efivars && kept !== undefined) {
    resources.push(await ctx.writeOutput(kept, (temporary) => fs.copyFile(efivars.path, temporary)));
    files.push({ path: kept, size: efivars.stats.size });
  }
  const [first] = files;
  return {
    use: 'convert',
    kind: 'files',
    id: `${output}@sha256:${first!.sha256}`,
    description: `${disks.length === 1 ? 'disk' : `${disks.length} disks`} as ${config.formats.join(', ')}`,
    files,
    resources,
    outputs: {
      path: output,
      paths: files.map((file) => file.path),
      format,
      sha256: first!.sha256!,
      disks: byFormat[format]!.slice(1),
      byFormat,
      ...(kept !== undefined && { efivars: kept }),
    },
  };
}

async function writeDisk(
  disk: Disk,
  format: DiskFormat,
  name: string,
  config: Omit<ConvertConfig, 'formats'>,
  ctx: ProcessContext,
): Promise<{ readonly record: ResourceRecord; readonly file: ArtifactFile }> {
  let file!: ArtifactFile;
  await ctx.lockFile(name);
  const record = await ctx.writeOutput(name, async (temporary) => {
    await writeAs(disk, format, temporary, { ...config, name: path.basename(name) }, ctx);
    const stats = await fs.stat(temporary);
    file = { path: name, size: stats.size, sha256: await digestOf({ path: temporary, name, stats }, ctx) };
  });
  return { record, file };
}

/** Writes a disk in a format. Equal disks give equal bytes. */
export async function writeAs(
  disk: Disk,
  format: DiskFormat,
  target: string,
  how: Omit<ConvertConfig, 'formats'> & { readonly name: string },
  ctx: ProcessContext,
): Promise<void> {
  const args = ['-f', disk.format, ...argumentsFor(format, how)];
  await convertDisk(disk.path, target, { format, args, label: `convert ${how.name}`, code: 'PROCESS_FAILED' }, ctx);
  await fixIdentity(target, format, disk.sha256, how.name);
}

/** Options of the formats: qemu(1), "Disk image file formats". */
function argumentsFor(
  format: DiskFormat,
  { compress, compact, subformats, qemuImgArgs = [] }: Omit<ConvertConfig, 'formats'>,
): readonly string[] {
  const options = {
    qcow2: [],
    raw: [],
    vmdk: [`subformat=${subformats?.vmdk ?? 'monolithicSparse'}`],
    // Without it the size is rounded up to what cylinders, heads and sectors can say.
    vpc: [`subformat=${subformats?.vpc ?? 'dynamic'}`, 'force_size=on'],
    vhdx: [`subformat=${subformats?.vhdx ?? 'dynamic'}`],
    vdi: subformats?.vdi === 'fixed' ? ['static=on'] : [],
  }[format];
  return [
    ...(options.length > 0 ? ['-o', options.join(',')] : []),
    ...(compress === true && format === 'qcow2' ? ['-c'] : []),
    ...(compact === false ? ['-S', '0'] : []),
    ...qemuImgArgs,
  ];
}

function refuseOwnInput(disks: readonly Disk[], outputs: readonly string[], ctx: ProcessContext): void {
  const own = outputs.find((output) => disks.some((disk) => disk.path === ctx.resolvePath(output)));
  if (own === undefined) return;
  throw new GoldsmithError('INVALID_PROPS', `\`output\` is ${own}, which is the disk to be converted`, {
    hint: 'give it another name',
  });
}
