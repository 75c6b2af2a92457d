import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../errors';
import type { Artifact } from '../extension/artifact';
import type { BuildOrigin, ProcessContext } from '../extension/context';
import { isObject, type Json } from '../plan/json';
import { renderTemplate } from '../util/template';
import { MANIFEST_OUTPUT, type ManifestConfig } from './manifest';
import { nameFields } from './naming';

/** One build. The keys are Packer's, but for the last, which its readers pass over. */
interface Entry {
  readonly name: string;
  readonly builder_type: string;
  /** Seconds since the epoch. */
  readonly build_time?: number;
  readonly files: readonly { readonly name: string; readonly size: number }[] | null;
  readonly artifact_id: string;
  readonly packer_run_uuid: string;
  readonly custom_data: Readonly<Record<string, string>> | null;
  readonly goldsmith: Json;
}

/** Adds one entry for each input, and hands the input on. */
export async function writeManifest(
  config: ManifestConfig,
  inputs: readonly Artifact[],
  ctx: ProcessContext,
): Promise<undefined> {
  const output = renderTemplate('output', config.output ?? MANIFEST_OUTPUT, nameFields(ctx.node.id, ctx.origins));
  await ctx.lockFile(output);
  const before = await read(output, ctx);
  // As Packer with -force: what other runs wrote goes.
  const start = ctx.force && before.last_run_uuid !== ctx.run.id ? [] : before.builds;
  const added = inputs.map((artifact, index) => entryOf(artifact, ctx.origins[index]!, config, ctx));
  const kept = start.filter((entry) => !added.some((one, index) => repeats(one, entry, ctx.origins[index]!)));
  const text = JSON.stringify({ ...before, builds: [...kept, ...added], last_run_uuid: ctx.run.id }, undefined, 2);
  await ctx.writeOutput(output, (temporary) => fs.writeFile(temporary, `${text}\n`, { mode: 0o664 }), { merges: true });
  ctx.say(`wrote ${output}: ${kept.length + added.length} builds`);
}

function entryOf(artifact: Artifact, origin: BuildOrigin, config: ManifestConfig, ctx: ProcessContext): Entry {
  const files = artifact.files.map(({ path: file, size }) => ({
    name: config.stripPath === true ? path.basename(file) : file,
    size,
  }));
  const { kind, use, description, outputs } = artifact;
  const sums = artifact.files.flatMap(({ path: file, sha256 }) =>
    sha256 === undefined ? [] : [[file, sha256] as const],
  );
  return {
    name: origin.build,
    builder_type: origin.use,
    ...(config.stripTime !== true && { build_time: Math.floor(origin.builtAt / 1000) }),
    files: files.length > 0 ? files : null,
    artifact_id: artifact.id,
    packer_run_uuid: ctx.run.id,
    custom_data: config.customData ?? null,
    goldsmith: {
      app: ctx.run.app,
      image: origin.image,
      cached: origin.cached,
      artifact: { use, kind, ...(description !== undefined && { description }), outputs },
      ...(sums.length > 0 && { sha256: Object.fromEntries(sums) }),
    },
  };
}

/**
 * Whether the entry that is there is of the same build: one of the two took it from the cache, and the new one takes the other's
 * place. Of two runs at once, the one that took it from the cache may have written first.
 */
function repeats(added: Entry, entry: unknown, origin: BuildOrigin): boolean {
  if (!isObject(entry)) return false;
  const same = (['name', 'builder_type', 'artifact_id'] as const).every((key) => entry[key] === added[key]);
  return same && (origin.cached || (wasCached(entry) && entry['build_time'] === added.build_time));
}

function wasCached({ goldsmith }: Readonly<Record<string, unknown>>): boolean {
  return isObject(goldsmith) && goldsmith['cached'] === true;
}

interface Manifest {
  readonly builds: readonly unknown[];
  readonly last_run_uuid?: unknown;
}

async function read(output: string, ctx: ProcessContext): Promise<Manifest> {
  const text = await fs.readFile(ctx.resolvePath(output), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  if (text.trim() === '') return { builds: [] };
  const value = parse(text);
  if (isObject(value) && (Array.isArray(value['builds']) || value['builds'] === null)) {
    return { ...value, builds: (value['builds'] as readonly unknown[] | null) ?? [] };
  }
  if (ctx.force) return { builds: [] };
  throw new GoldsmithError(
    'OUTPUT_EXISTS',
    `\`${output}\` is there already, and is no manifest: it has no list of builds`,
    {
      hint: 'move it away, choose another `output`, or overwrite it with --force',
    },
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
