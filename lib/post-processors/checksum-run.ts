import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { Artifact, ArtifactFile, ResourceRecord } from '../extension/artifact';
import type { ProcessContext } from '../extension/context';
import { renderTemplate } from '../util/template';
import { filesOf, Meter, type LocalFile } from './artifact-files';
import { sha256 } from '../plan/digest';
import { CHECKSUM_OUTPUT, type ChecksumConfig } from './checksum';
import { digestsOf } from './digests';
import { nameFields } from './naming';

/** Computes all checksums in one pass over each file, and writes them. */
export async function writeChecksums(
  config: ChecksumConfig,
  inputs: readonly Artifact[],
  ctx: ProcessContext,
): Promise<Artifact> {
  const types = config.checksumTypes ?? ['md5'];
  const files = (await filesOf(inputs, 'checksum', ctx)).filter(({ stats }) => stats.isFile());
  const meter = new Meter(
    ctx,
    'checksum',
    files.reduce((sum, { stats }) => sum + stats.size, 0),
  );
  const sums: ReadonlyMap<string, string>[] = [];
  for (const file of files) sums.push(await digestsOf(file.path, types, ctx.signal, (bytes) => meter.add(bytes)));

  const fields = nameFields(ctx.node.id, ctx.origins);
  const outputs = new Map<string, Entry[]>();
  for (const type of types) {
    const output = renderTemplate('output', config.output ?? CHECKSUM_OUTPUT, { ...fields, ChecksumType: type });
    const entries = files.map((file, index) => entryOf(file, sums[index]!.get(type)!, output, config, ctx));
    outputs.set(output, [...(outputs.get(output) ?? []), ...entries]);
  }
  const written: ArtifactFile[] = [];
  const resources: ResourceRecord[] = [];
  for (const [output, entries] of outputs) {
    resources.push(await writeEntries(output, entries, files, ctx));
    written.push({ path: output, size: (await fs.stat(ctx.resolvePath(output))).size });
    ctx.say(`wrote ${output}`);
  }
  return {
    use: 'checksum',
    kind: 'files',
    id: `${[...outputs.keys()].join(',')}@sha256:${sha256(
      [...outputs.values()]
        .flat()
        .map(({ line }) => line)
        .join('\n'),
    )}`,
    description: `${types.join(', ')} of ${files.length} files`,
    files: [...inputs.flatMap((input) => input.files), ...written],
    resources,
    outputs: { path: written[0]!.path, paths: written.map((file) => file.path) },
  };
}

/** One line, and which line of an earlier file it replaces. */
interface Entry {
  readonly line: string;
  readonly length: number;
  readonly name: string;
}

function entryOf(file: LocalFile, sum: string, output: string, { format }: ChecksumConfig, ctx: ProcessContext): Entry {
  if (format !== 'gnu') {
    const name = path.basename(file.path);
    return { line: `${sum}\t${name}`, length: sum.length, name };
  }
  const relative = path.relative(path.dirname(ctx.resolvePath(output)), file.path);
  // GNU coreutils, "md5sum invocation": a name with a backslash or a line end is escaped, and the line says so.
  const name = relative.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return { line: `${name === relative ? '' : '\\'}${sum}  ${name}`, length: sum.length, name };
}

const LINE = /^\\?([0-9a-f]{32,128})(?:\t| [ *])(.+)$/;

/**
 * Several builds may share one file, as in Packer, so what is in it stays: but for lines that are written anew, and for those of
 * files that are gone, which a changing artifact name would pile up.
 */
async function writeEntries(
  output: string,
  entries: readonly Entry[],
  files: readonly LocalFile[],
  ctx: ProcessContext,
): Promise<ResourceRecord> {
  await ctx.lockFile(output);
  const target = ctx.resolvePath(output);
  const folders = [path.dirname(target), ...new Set(files.map((file) => path.dirname(file.path)))];
  const before = await fs.readFile(target, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const kept: string[] = [];
  for (const line of before.split('\n').filter((one) => one !== '')) {
    const [, sum, name] = LINE.exec(line) ?? [];
    const anew = entries.some((entry) => entry.name === name && entry.length === sum?.length);
    if (sum === undefined || (!anew && (await isIn(folders, name!)))) kept.push(line);
  }
  const text = [...kept, ...entries.map(({ line }) => line), ''].join('\n');
  return ctx.writeOutput(output, (temporary) => fs.writeFile(temporary, text), { merges: true });
}

async function isIn(folders: readonly string[], name: string): Promise<boolean> {
  for (const folder of folders) {
    const found = await fs.stat(path.resolve(folder, name)).catch(() => undefined);
    if (found) return true;
  }
  return false;
}
