import * as path from 'node:path';
import { GoldsmithError } from '../../../errors';
import type { Artifact } from '../../../extension/artifact';
import type { ProcessContext } from '../../../extension/context';
import { formatByEnding, isDiskFormat, type DiskFormat } from '../../../host/disk-format';
import { diskAs, type LocalDisk } from '../direct/local-disk';
import type { AmazonImportConfig } from '../props/amazon-import-props';

/** Formats that VM Import takes, by qemu-img's names: docs.aws.amazon.com/vm-import/latest/userguide/prerequisites.html. */
const TAKEN = { raw: 'raw', vpc: 'vhd', vhdx: 'vhdx', vmdk: 'vmdk' } as const;

type Format = NonNullable<AmazonImportConfig['format']>;

/** The file to send, in a format that AWS takes. */
export async function fileFor(
  { format }: AmazonImportConfig,
  inputs: readonly Artifact[],
  ctx: ProcessContext,
): Promise<LocalDisk & { readonly format: Format }> {
  const ova = inputs.flatMap(({ files }) => files).find((file) => /\.ova$/i.test(file.path));
  if (ova && (format === undefined || format === 'ova')) {
    const name = path.basename(ova.path);
    return { path: ctx.resolvePath(ova.path), name, format: 'ova', done: () => Promise.resolve() };
  }
  if (format === 'ova') {
    throw new GoldsmithError('INCOMPATIBLE_INPUT', '`format` is `ova`, and the artifact has no .ova file', {
      hint: 'leave `format` out: a disk goes as it is, or is converted',
    });
  }
  const chosen = format ?? standard(inputs);
  const [wanted] = Object.entries(TAKEN).find(([, name]) => name === chosen)!;
  return { ...(await diskAs(wanted as DiskFormat, inputs, 'amazon-import', undefined, ctx)), format: chosen };
}

function standard(inputs: readonly Artifact[]): Exclude<Format, 'ova'> {
  const [said] = inputs.flatMap(({ outputs }) => (isDiskFormat(outputs['format']) ? [outputs['format']] : []));
  const files = inputs.flatMap((one) => one.files.map((file) => formatByEnding(file.path)));
  const known = said ?? files.find((one) => one !== undefined) ?? 'raw';
  return known in TAKEN ? TAKEN[known as keyof typeof TAKEN] : 'vmdk';
}
