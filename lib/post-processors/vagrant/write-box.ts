import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../../errors';
import type { ProcessContext } from '../../extension/context';
import { listLocal } from '../../util/tar/list';
import { packEntries } from '../../util/tar/pack';
import { Meter } from '../artifact-files';
import { gzip } from '../compress/gzip';
import type { VagrantConfig } from '../vagrant';
import { writeStreamed, type Streamed } from '../write-streamed';
import type { BoxContent, BoxFile } from './box';
import type { VagrantProvider } from './hardware';
import type { BoxSettings } from './settings';
import { architectureOf } from './settings';

/** What goes into a box. */
export interface BoxParts {
  readonly provider: VagrantProvider;
  readonly content: BoxContent;
  readonly settings: BoxSettings;
  readonly config: VagrantConfig;
}

/** Writes a box as one stream: a tar, compressed on all processors. The same content gives the same bytes. */
export async function writeBox(output: string, parts: BoxParts, ctx: ProcessContext): Promise<Streamed> {
  const { content, settings } = parts;
  const texts = await textsOf(parts);
  const files = [...content.files, ...(await included(settings.include ?? []))];
  refuseTwice([...Object.keys(texts), ...files.map(({ name }) => name)]);
  const total = files.reduce((sum, { stat }) => sum + (stat.isFile() ? stat.size : 0), 0);
  const meter = new Meter(ctx, `box ${path.basename(output)}`, total);
  const level = settings.compressionLevel ?? -1;
  const open = (): Promise<AsyncIterable<Buffer>> => {
    const tar = packEntries(files, { plain: true, extra: texts, onBytes: (bytes) => meter.add(bytes) });
    return Promise.resolve(level === 0 ? tar : gzip(tar, level));
  };
  return writeStreamed(output, open, ctx);
}

async function textsOf({ provider, content, settings, config }: BoxParts): Promise<Readonly<Record<string, Buffer>>> {
  const custom =
    settings.vagrantfileTemplate === undefined
      ? (settings.vagrantfile ?? '')
      : await fs.readFile(settings.vagrantfileTemplate, 'utf8');
  const metadata = { provider, architecture: architectureOf(config), ...content.metadata };
  const texts = {
    'metadata.json': json(metadata),
    Vagrantfile: [content.vagrantfile, custom].filter((part) => part !== '').join('\n'),
    ...(config.info && { 'info.json': json(config.info) }),
    ...content.texts,
  };
  return Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, Buffer.from(value)]));
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** Files by their names, folders with all that is in them. */
async function included(paths: readonly string[]): Promise<readonly BoxFile[]> {
  const found: BoxFile[] = [];
  for (const one of paths) {
    const file = path.resolve(one);
    const stat = await fs.stat(file);
    found.push({ name: path.basename(file), file, stat });
    if (!stat.isDirectory()) continue;
    for (const entry of await listLocal(file)) found.push({ ...entry, name: `${path.basename(file)}/${entry.name}` });
  }
  return found;
}

function refuseTwice(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new GoldsmithError('INVALID_PROPS', `two files of the box would be called ${twice}`, {
    hint: 'rename what `include` names: it goes into the root of the box, beside what the provider needs there',
  });
}
