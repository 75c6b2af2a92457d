import { createWriteStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { RunContext } from '../../../extension/context';
import { privileged, type Privilege } from '../machine/privilege';
import { runTool } from '../machine/run';
import { blobName } from '../oci/import';
import { dockerLayerName } from '../oci/layout-files';
import { explainTool } from '../../../util/tool-failed';
import { compress, type Compression } from '../store/codec';
import { hashing, type Passed } from '../store/hashing';
import type { LayerRef } from '../store/image';
import type { Store } from '../store/store';
import { batched } from '../../../host/tar/batch';
import { makeEntry } from '../../../host/tar/entry';
import { encodeEntry, encodeHeader, END, fill } from '../../../host/tar/writer';

/** What an archive of an image holds. */
export interface Contents {
  /** Small files, by name. */
  readonly files: ReadonlyMap<string, string>;
  /** Layers, by the name that they have in it. */
  readonly layers: ReadonlyMap<string, LayerRef>;
}

/** Layers as a layout has them. */
export function layoutLayers(layers: readonly LayerRef[]): ReadonlyMap<string, LayerRef> {
  return new Map(layers.map((layer) => [blobName(layer.digest), layer]));
}

/** Layers as an archive in Docker's form has them. */
export function dockerLayers(layers: readonly LayerRef[]): ReadonlyMap<string, LayerRef> {
  return new Map(layers.map((layer) => [dockerLayerName(layer), layer]));
}

/** Writes an image as one tar archive. */
export async function writeArchive(
  target: string,
  contents: Contents,
  epoch: number,
  store: Store,
  ctx: RunContext,
): Promise<Passed> {
  return writeStream(target, archive(contents, epoch, store, ctx), ctx);
}

/** Writes an image as the folder of a layout. */
export async function writeLayout(
  target: string,
  { files, layers }: Contents,
  store: Store,
  ctx: RunContext,
): Promise<void> {
  await fs.mkdir(path.join(target, 'blobs', 'sha256'), { recursive: true });
  for (const [name, text] of files) await fs.writeFile(path.join(target, name), text);
  for (const [name, { digest }] of layers) {
    ctx.signal.throwIfAborted();
    await fs.copyFile(store.blobPath(digest), path.join(target, name), fs.constants.COPYFILE_FICLONE);
  }
}

/** Writes a stream to a file, compressed as its name says. The digest is the file's. */
export async function writeStream(
  target: string,
  bytes: AsyncIterable<Uint8Array>,
  ctx: RunContext,
  how: Compression = 'none',
): Promise<Passed> {
  const hashed = hashing(compress(bytes, how, ctx));
  await pipeline(hashed, createWriteStream(target, { flags: 'wx' }), { signal: ctx.signal });
  return hashed;
}

/** Unpacks a root into a folder. As a user everything is the user's own, who could not delete it else. */
export async function writeFolder(
  target: string,
  tar: AsyncIterable<Buffer>,
  privilege: Privilege,
  ctx: RunContext,
): Promise<Passed> {
  const hashed = hashing(tar);
  await fs.mkdir(target, { mode: 0o755 });
  const root = privilege.mode === 'root';
  const command = [
    'tar',
    '--extract',
    '--file=-',
    `--directory=${target}`,
    '--numeric-owner',
    root ? '--same-owner' : '--no-same-owner',
    '--same-permissions',
    '--xattrs',
    '--xattrs-include=*',
    '--warning=no-timestamp',
  ];
  try {
    await runTool(root ? privileged(privilege, command) : command, ctx, {
      input: batched(hashed as AsyncIterable<Buffer>),
    });
  } catch (error) {
    throw explainTool(error, 'CAPTURE_FAILED', 'writing the folder');
  }
  return hashed;
}

async function* archive(
  { files, layers }: Contents,
  epoch: number,
  store: Store,
  ctx: RunContext,
): AsyncGenerator<Uint8Array> {
  const total = [...layers.values()].reduce((sum, { size }) => sum + size, 0);
  let current = 0;
  const folders = new Set([...files.keys(), ...layers.keys()].flatMap(parentsOf));
  for (const name of [...folders].sort()) yield encodeHeader(makeEntry({ name, type: 'directory', mtime: epoch }));
  for (const [name, text] of files)
    yield encodeEntry(makeEntry({ name, type: 'file', mtime: epoch }), Buffer.from(text));
  for (const [name, { digest, size }] of layers) {
    yield encodeHeader(makeEntry({ name, type: 'file', mtime: epoch, size }));
    for await (const part of store.readBlob(digest)) {
      current += part.length;
      ctx.progress({ label: 'write the image', current, total, unit: 'bytes' });
      yield part;
    }
    yield fill(size);
  }
  yield END;
}

function parentsOf(name: string): string[] {
  const parts = name.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
