import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { GoldsmithError } from '../../errors';
import type { ArtifactFile, ResourceRecord } from '../../extension/artifact';
import type { ProcessContext } from '../../extension/context';
import { text } from '../../extension/props';
import { isObject } from '../../plan/json';
import type { Text } from '../../plan/late';
import type { WrittenBox } from './box';

/** A catalog of boxes: a file that lists versions of one box, for each provider. */
export interface VagrantCatalog {
  /** Name of the box, such as `acme/web`. */
  readonly name: Text;
  /** Version of the boxes, such as `1.4.0`. */
  readonly version: Text;
  /** What the box is. @default - what is in the catalog already */
  readonly description?: Text;
  /** The catalog, relative to the project; what is in it of other versions, providers and architectures stays. @default 'artifacts/<name>.json' */
  readonly output?: Text;
  /** Where the boxes will lie: the address of their folder. @default - where they are written, as `file://` */
  readonly url?: Text;
}

/** The schema of {@link VagrantCatalog}. */
export const catalogSchema = z.strictObject({
  name: text(),
  version: text(),
  description: text().optional(),
  output: text().optional(),
  url: text().optional(),
});

/** Versions as Vagrant compares them (Ruby's Gem::Version). */
const VERSION = /^[0-9]+(\.[0-9A-Za-z]+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;

type CatalogConfig = z.output<typeof catalogSchema>;
type Entry = Readonly<Record<string, unknown>>;

/** Adds boxes to a catalog; one of the same version, provider and architecture takes the place of the earlier. */
export async function writeCatalog(
  config: CatalogConfig,
  boxes: readonly WrittenBox[],
  architecture: string,
  ctx: ProcessContext,
): Promise<{ readonly record: ResourceRecord; readonly file: ArtifactFile }> {
  const output = catalogOutput(config);
  await ctx.lockFile(output);
  const before = await read(output, config, ctx);
  const versions = listIn(before, 'versions');
  const same = versions.find((one) => one['version'] === config.version);
  const others = listIn(same ?? {}, 'providers').filter(
    (one) =>
      !boxes.some(({ provider }) => one['name'] === provider && (one['architecture'] ?? architecture) === architecture),
  );
  const added = boxes.map(({ provider, file }) => ({
    name: provider,
    url: urlOf(file.path, config, ctx),
    checksum_type: 'sha256',
    checksum: file.sha256,
    architecture,
    // Vagrant 2.4 takes it where it is asked for none; one box of a provider can be that.
    default_architecture: !others.some((one) => one['name'] === provider && one['default_architecture'] === true),
  }));
  const version = { ...same, version: config.version, status: 'active', providers: [...others, ...added].sort(byName) };
  const catalog = {
    ...before,
    name: config.name,
    ...(config.description !== undefined && { description: config.description }),
    versions: same ? versions.map((one) => (one === same ? version : one)) : [...versions, version],
  };
  const content = `${JSON.stringify(catalog, undefined, 2)}\n`;
  const record = await ctx.writeOutput(output, (temporary) => fs.writeFile(temporary, content), { merges: true });
  ctx.say(`wrote ${output}: ${config.name} ${config.version}`);
  return { record, file: { path: output, size: Buffer.byteLength(content) } };
}

/** Where a catalog is written. */
export function catalogOutput({ name, output }: CatalogConfig): string {
  return output ?? `artifacts/${name.replace(/[^A-Za-z0-9._-]+/g, '-')}.json`;
}

/** What of a catalog Vagrant would not take. */
export function checkCatalog({ version }: CatalogConfig): void {
  if (VERSION.test(version)) return;
  throw new GoldsmithError('INVALID_PROPS', `\`catalog.version\` is ${JSON.stringify(version)}, which is no version`, {
    hint: 'write numbers with dots between, such as 1.4.0',
  });
}

async function read(output: string, { name }: CatalogConfig, ctx: ProcessContext): Promise<Entry> {
  const content = await fs.readFile(ctx.resolvePath(output), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  if (content.trim() === '') return {};
  const value = parsed(content);
  if (isObject(value) && value['name'] === name && Array.isArray(value['versions'])) return value;
  if (ctx.force) return {};
  throw new GoldsmithError('OUTPUT_EXISTS', `\`${output}\` is there already, and is no catalog of ${name}`, {
    hint: 'move it away, choose another `catalog.output`, or overwrite it with --force',
  });
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content) as unknown;
  } catch {
    return undefined;
  }
}

function listIn(value: Entry, key: string): readonly Entry[] {
  const list = value[key];
  return Array.isArray(list) ? list.filter((one): one is Entry => isObject(one)) : [];
}

function urlOf(file: string, { url }: CatalogConfig, ctx: ProcessContext): string {
  if (url === undefined) return pathToFileURL(ctx.resolvePath(file)).href;
  return `${url.replace(/\/+$/, '')}/${encodeURIComponent(path.basename(file))}`;
}

function byName(a: Entry, b: Entry): number {
  const key = (one: Entry): string => `${String(one['name'])} ${String(one['architecture'])}`;
  return key(a) < key(b) ? -1 : 1;
}
