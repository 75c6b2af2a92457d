import * as path from 'node:path';
import { GoldsmithError } from '../errors';
import type { Artifact } from '../extension/artifact';
import type { ProcessContext } from '../extension/context';
import { formatByEnding, isDiskFormat, type DiskFormat } from '../host/disk-format';
import { inspect } from '../host/qemu-img';
import { filesOf, Meter, type LocalFile } from './artifact-files';
import { digestsOf } from './digests';

/** A disk that belongs to an artifact. */
export interface Disk extends LocalFile {
  readonly format: DiskFormat;
  /** Bytes that the guest sees. */
  readonly virtualSize: number;
  /** Of the file, in hex. */
  readonly sha256: string;
}

/** What of an artifact makes up a machine. */
export interface MachineDisks {
  /** The one it boots from first. */
  readonly disks: readonly Disk[];
  /** UEFI variables. */
  readonly efivars?: LocalFile | undefined;
  readonly rest: readonly LocalFile[];
}

/** Ending of the file of UEFI variables, as the platforms name it. */
export const EFIVARS = '.efivars.fd';

/** The disks of artifacts. What an artifact says of its format counts; else the ending of the file, and last what is in it. */
export async function machineOf(
  inputs: readonly Artifact[],
  use: string,
  given: DiskFormat | undefined,
  ctx: ProcessContext,
): Promise<MachineDisks> {
  const said = new Map<string, DiskFormat>();
  for (const artifact of inputs)
    for (const name of disksSaidBy(artifact)) said.set(ctx.resolvePath(name), formatSaidBy(artifact)!);
  const disks: Disk[] = [];
  const rest: LocalFile[] = [];
  let efivars: LocalFile | undefined;
  const known = new Map(
    inputs.flatMap(({ files }) => files.map((one) => [ctx.resolvePath(one.path), one.sha256] as const)),
  );
  const files = (await filesOf(inputs, use, ctx)).filter(({ stats }) => stats.isFile());
  for (const file of files) {
    if (file.name.endsWith(EFIVARS)) efivars ??= file;
    else if (said.size > 0 ? said.has(file.path) : given !== undefined || isDisk(file)) {
      const format = given ?? said.get(file.path) ?? formatByEnding(file.path);
      const { size, ...info } = await inspect(file.path, { format, code: 'PROCESS_FAILED' }, ctx);
      disks.push({ ...file, ...info, virtualSize: size, sha256: known.get(file.path) ?? (await digestOf(file, ctx)) });
    } else rest.push(file);
  }
  if (disks.length > 0) return { disks, efivars, rest };
  throw new GoldsmithError(
    'INCOMPATIBLE_INPUT',
    `\`${use}\` takes disks, but the artifact has none: ${files
      .map(({ name }) => name)
      .slice(0, 5)
      .join(', ')}`,
    { hint: 'say what the files are with `inputFormat`, or narrow it with `only` or `except`' },
  );
}

function formatSaidBy({ outputs }: Artifact): DiskFormat | undefined {
  return isDiskFormat(outputs['format']) ? outputs['format'] : undefined;
}

/** A platform that makes disks says in its outputs which of the files they are, and of which format. */
function disksSaidBy(artifact: Artifact): readonly string[] {
  const { path: first, disks } = artifact.outputs;
  if (formatSaidBy(artifact) === undefined || typeof first !== 'string') return [];
  return [first, ...(Array.isArray(disks) ? disks.filter((one) => typeof one === 'string') : [])];
}

/** Endings that disks have and that say nothing of the format: that is looked up in the file. */
const UNSAID: readonly string[] = ['', '.img', '.disk', '.bin'];

function isDisk({ path: file }: LocalFile): boolean {
  return formatByEnding(file) !== undefined || UNSAID.includes(path.extname(file).toLowerCase());
}

/** The checksum of a file, in hex, with progress. */
export async function digestOf(file: Pick<LocalFile, 'path' | 'name' | 'stats'>, ctx: ProcessContext): Promise<string> {
  const meter = new Meter(ctx, `check ${path.basename(file.name)}`, file.stats.size);
  return (await digestsOf(file.path, ['sha256'], ctx.signal, (bytes) => meter.add(bytes))).get('sha256')!;
}
