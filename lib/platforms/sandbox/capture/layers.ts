import * as path from 'node:path';
import type { RunContext } from '../../../extension/context';
import { readIfThere, writeAtomically } from '../../../util/atomic';
import { explainTool } from '../../../util/tool-failed';
import { privileged, type Privilege } from '../machine/privilege';
import { readTool } from '../machine/run';
import { compress, LAYER_TYPES, type Compression } from '../store/codec';
import { hashing } from '../store/hashing';
import type { LayerRef } from '../store/image';
import type { Store } from '../store/store';
import { XATTRS } from '../store/trees';
import { readTar } from '../../../host/tar/reader';
import { normalise, type Normalise } from '../../../host/tar/whiteouts';

/** How layers are made. */
export interface LayerOptions {
  readonly epoch: number;
  readonly compression: Compression;
}

/** A folder of overlayfs as a layer in the store; undefined where nothing is in it. What a frozen one gave is remembered beside it. */
export async function layerOf(
  dir: string,
  frozen: boolean,
  options: LayerOptions,
  privilege: Privilege,
  store: Store,
  ctx: RunContext,
): Promise<LayerRef | undefined> {
  const note = path.join(path.dirname(dir), `layer-${options.compression}-${options.epoch}.json`);
  const known = frozen ? await readIfThere(note) : undefined;
  const remembered = known === undefined ? undefined : (JSON.parse(known) as LayerRef | null);
  if (remembered === null) return undefined;
  if (remembered && (await store.hasBlob(remembered.digest))) return remembered;
  const made = await makeLayer(dir, options, privilege, store, ctx);
  if (frozen) await writeAtomically(note, JSON.stringify(made ?? null));
  return made;
}

async function makeLayer(
  dir: string,
  options: LayerOptions,
  privilege: Privilege,
  store: Store,
  ctx: RunContext,
): Promise<LayerRef | undefined> {
  let entries = 0;
  const plain = hashing(
    readFolder(dir, { epoch: options.epoch, overlay: true, onEntry: () => void entries++ }, privilege, ctx),
  );
  const { digest, size } = await store.addBlob(compress(plain, options.compression, ctx), ctx);
  if (entries === 0) return undefined;
  return { digest, size, diffId: plain.digest(), mediaType: LAYER_TYPES[options.compression] };
}

/** A folder as the tar archive of a layer, in an order that depends on nothing but the names. */
export async function* readFolder(
  dir: string,
  options: Normalise,
  privilege: Privilege,
  ctx: RunContext,
  more: readonly string[] = [],
): AsyncGenerator<Buffer> {
  const command = [
    'tar',
    '--create',
    '--file=-',
    '--format=pax',
    '--sort=name',
    '--numeric-owner',
    ...XATTRS,
    ...more,
    `--directory=${dir}`,
    '.',
  ];
  try {
    yield* normalise(readTar(readTool(privileged(privilege, command), ctx)), options);
  } catch (error) {
    throw explainTool(error, 'CAPTURE_FAILED', 'reading what was changed');
  }
}
