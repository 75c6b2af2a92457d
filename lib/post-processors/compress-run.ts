import { readlink } from 'node:fs/promises';
import { GoldsmithError, type Problem } from '../errors';
import type { Artifact } from '../extension/artifact';
import type { ProcessContext, RunContext } from '../extension/context';
import { renderTemplate } from '../util/template';
import { filesOf, Meter, type LocalFile } from './artifact-files';
import { compressOutput, type CompressConfig } from './compress';
import { formatOf, highestLevel, type Format } from './compress/format';
import { bgzf, gzip } from './compress/gzip';
import { nameInArchive, read, tar } from './compress/tar';
import { byTool, toolProblems } from './compress/tools';
import { zip, type ZipEntry } from './compress/zip';
import { nameFields } from './naming';
import { writeStreamed } from './write-streamed';

/** Packs and compresses in one stream: nothing is ever whole in memory or written twice. */
export async function writeCompressed(
  config: CompressConfig,
  inputs: readonly Artifact[],
  ctx: ProcessContext,
): Promise<Artifact> {
  const output = renderTemplate(
    'output',
    config.output ?? compressOutput(config.format),
    nameFields(ctx.node.id, ctx.origins),
  );
  const format = formatFor(output, config);
  const level = levelOf(config, format);
  const files = await filesOf(inputs, 'compress', ctx);
  refuse(files, format, output, ctx);

  const meter = new Meter(
    ctx,
    `compress ${output}`,
    files.reduce((sum, { stats }) => sum + (stats.isFile() ? stats.size : 0), 0),
  );
  const { record, size, sha256 } = await writeStreamed(
    output,
    () => pack(files, format, level, (bytes) => meter.add(bytes), ctx),
    ctx,
  );
  ctx.say(`wrote ${output}: ${size} bytes of ${meter.total}`);
  return {
    use: 'compress',
    kind: 'files',
    id: `${output}@sha256:${sha256}`,
    description: `${files.length} files in ${output}`,
    files: [{ path: output, size, sha256 }],
    resources: [record],
    outputs: { path: output, sha256, size },
  };
}

/** What can be known to be wrong before a build: a tool that is missing. */
export async function compressProblems(config: CompressConfig, ctx: RunContext): Promise<readonly Problem[]> {
  const { algorithm } = formatFor(config.output ?? compressOutput(config.format), config);
  return toolProblems(algorithm, ctx);
}

function formatFor(output: string, { format }: CompressConfig): Format {
  return formatOf(format === undefined ? output : `${output}.${format}`);
}

async function pack(
  files: readonly LocalFile[],
  { archive, algorithm }: Format,
  level: number,
  onData: (bytes: number) => void,
  ctx: ProcessContext,
): Promise<AsyncIterable<Buffer>> {
  if (archive === 'zip')
    return zip(await Promise.all(files.filter(isPacked).map((file) => zipEntry(file, onData))), level);
  const source = archive === 'tar' ? tar(files, onData) : read(files[0]!, onData);
  switch (algorithm) {
    case undefined:
      return source;
    case 'gzip':
      return gzip(source, level);
    case 'bgzf':
      return bgzf(source, level);
    default:
      return byTool(source, algorithm, level, ctx);
  }
}

async function zipEntry(file: LocalFile, onData: (bytes: number) => void): Promise<ZipEntry> {
  const { stats } = file;
  const link = stats.isSymbolicLink() ? Buffer.from(await readlink(file.path)) : undefined;
  return {
    name: nameInArchive(file),
    mode: stats.mode,
    modified: stats.mtime,
    size: stats.size,
    async *content() {
      if (link) yield link;
      else if (stats.isFile()) yield* read(file, onData);
    },
  };
}

function levelOf({ compressionLevel = -1 }: CompressConfig, format: Format): number {
  const highest = highestLevel(format);
  if (compressionLevel <= highest) return compressionLevel;
  throw new GoldsmithError(
    'INVALID_PROPS',
    `\`compressionLevel\` is ${compressionLevel}, but ${format.algorithm ?? format.archive} goes to ${highest}`,
  );
}

function refuse(
  files: readonly LocalFile[],
  { archive, algorithm }: Format,
  output: string,
  ctx: ProcessContext,
): void {
  const target = ctx.resolvePath(output);
  const same = files.find(({ path }) => path === target);
  if (same) {
    throw new GoldsmithError('INVALID_PROPS', `\`output\` is ${output}, which is the file to be packed`, {
      hint: 'give it another name',
    });
  }
  if (archive === undefined && (files.length !== 1 || !files[0]!.stats.isFile())) {
    throw new GoldsmithError(
      'INCOMPATIBLE_INPUT',
      `${algorithm} takes one file, but the artifact has ${files.length}: ${files
        .map(({ name }) => name)
        .slice(0, 5)
        .join(', ')}`,
      {
        hint: 'end `output` with .tar and the ending of the format, such as .tar.gz, or with .zip',
      },
    );
  }
  const odd = files.filter((file) => !isPacked(file));
  if (odd.length > 0)
    ctx.warn(`left out, being neither files, folders nor symbolic links: ${odd.map(({ name }) => name).join(', ')}`);
}

function isPacked({ stats }: LocalFile): boolean {
  return stats.isFile() || stats.isDirectory() || stats.isSymbolicLink();
}
