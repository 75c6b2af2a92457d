import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../../../errors';
import type { Artifact } from '../../../extension/artifact';
import type { Checkpoint, LaunchFrom } from '../../../extension/platform';
import type { ResourceContext } from '../../../extension/context';
import { bring } from '../image/bring';
import { stampOf } from '../image/hash';
import { bytesOf, createDisk, inspectDisk } from '../image/disks';
import type { Places } from '../host/places';
import { writeMedia } from '../media/media';
import { writeSeed } from '../media/seed';
import type { QemuFormat } from '../props/capture-props';
import type { QemuConfig } from '../props/qemu-props';
import { findFirmware } from './firmware';
import { makeKeys, usesSeed } from './keys';
import type { Chain, DiskFile } from './layout';
import { byName, inFolder, readNote, writeNote, type Note } from './note';

/** What a machine starts from, fetched and looked into. */
export interface Start {
  /** Disks to start from; only what changes is written, elsewhere. */
  readonly bases: readonly (DiskFile & { readonly size: number })[];
  readonly iso?: string | undefined;
  readonly vars?: string | undefined;
  /** Folder of a checkpoint. */
  readonly checkpoint?: string | undefined;
}

/** A base in a plan or the lock file: which file, by its checksum. Where to get it is in the config. */
export interface QemuBase {
  readonly kind: 'image' | 'iso';
  readonly checksum: string;
}

/** Fetches what is needed before anything is made. */
export async function gather(
  config: QemuConfig,
  from: LaunchFrom,
  places: Places,
  ctx: ResourceContext,
): Promise<Start> {
  if (from.kind === 'checkpoint') return { bases: [], checkpoint: folderOf(from.checkpoint, places) };
  if (from.kind === 'artifact') return fromArtifact(from.artifact, ctx);
  const base = from.base as QemuBase | undefined;
  if (!base) return { bases: [] };
  const given = config[base.kind];
  const list = given === undefined ? [] : typeof given === 'string' ? [given] : given;
  const file = await bring({ places: list, prop: base.kind }, base.checksum, places.images, ctx);
  if (base.kind === 'iso') return { bases: [], iso: file };
  const { format, size } = await inspectDisk(file, config.imageFormat, ctx);
  return { bases: [{ file, format, size }] };
}

function folderOf(checkpoint: Checkpoint, places: Places): string {
  return places.folderOf(checkpoint.resources[0]!);
}

async function fromArtifact(artifact: Artifact, ctx: ResourceContext): Promise<Start> {
  const {
    path: first,
    disks = [],
    efivars,
  } = artifact.outputs as {
    readonly path?: string;
    readonly disks?: readonly string[];
    readonly efivars?: string;
  };
  if (first === undefined) {
    throw new GoldsmithError('BASE_MISMATCH', `an artifact of the kind \`${artifact.kind}\` is no disk to start from`);
  }
  const format = artifact.outputs['format'] as QemuFormat;
  const files = [first, ...disks].map((file) => ctx.resolvePath(file));
  const bases = [];
  for (const file of files) bases.push({ file, ...(await inspectDisk(file, format, ctx)) });
  return { bases, ...(efivars !== undefined && { vars: ctx.resolvePath(efivars) }) };
}

/** Fills the folder of a machine: disks, media, firmware, keys. Nothing runs yet. */
export async function prepare(
  dir: string,
  config: QemuConfig,
  start: Start,
  token: string,
  ctx: ResourceContext,
): Promise<Note> {
  await fs.mkdir(dir, { recursive: true, mode: 0o700 });
  const note = await (start.checkpoint === undefined
    ? fresh(dir, config, start, token, ctx)
    : continued(dir, start.checkpoint, ctx));
  await writeNote(dir, { ...note, disks: byName(dir, note.disks) });
  return note;
}

async function fresh(
  dir: string,
  config: QemuConfig,
  start: Start,
  token: string,
  ctx: ResourceContext,
): Promise<Note> {
  const keys = makeKeys(config);
  const disks: Chain[] = [];
  const bases: Record<string, string> = {};
  for (const [index, base] of start.bases.entries()) {
    const size = sizeFor(index === 0 ? config.diskSize : config.diskAdditionalSize?.[index - 1], base.size, index);
    const file = path.join(dir, `disk${index}-0.qcow2`);
    await createDisk(file, { size, over: base }, ctx);
    bases[base.file] = await stampOf(base.file);
    disks.push([
      { file: base.file, format: base.format },
      { file, format: 'qcow2' },
    ]);
  }
  const wanted =
    start.bases.length === 0 && config.kernel === undefined
      ? [config.diskSize ?? '40G']
      : config.diskSize !== undefined && start.bases.length === 0
        ? [config.diskSize]
        : [];
  const more = [...wanted, ...(config.diskAdditionalSize ?? []).slice(Math.max(0, start.bases.length - 1))];
  for (const size of more) {
    const file = path.join(dir, `disk${disks.length}-0.qcow2`);
    await createDisk(file, { size, extra: config.qemuImgArgs?.create ?? [] }, ctx);
    disks.push([{ file, format: 'qcow2' }]);
  }
  const { cds, floppy } = await writeMedia(dir, config);
  const efi = await findFirmware(config, start.vars, path.join(dir, 'efivars.fd'), ctx);
  const seed = usesSeed(config) ? 'seed.iso' : undefined;
  if (seed !== undefined) {
    const host = keys.host ?? { privateKey: '', publicKey: '' };
    const { username } = keys;
    const seedKeys = {
      username,
      publicKey: keys.user?.publicKey,
      hostPrivateKey: host.privateKey,
      hostPublicKey: host.publicKey,
    };
    await writeSeed(path.join(dir, seed), config, seedKeys, `goldsmith-${token}`);
  }
  const all = [...(start.iso === undefined ? [] : [start.iso]), ...cds];
  return { run: ctx.run.id, keys, disks, seed, floppy, efi, cds: all, bases };
}

/** A machine that goes on from a checkpoint: its files under a second name, since they are never written again. */
async function continued(dir: string, checkpoint: string, ctx: ResourceContext): Promise<Note> {
  const note = await readNote(checkpoint);
  if (!note)
    throw new GoldsmithError('LAUNCH_FAILED', `the checkpoint ${checkpoint} is damaged`, {
      hint: 'build with --no-checkpoints',
    });
  for (const name of await fs.readdir(checkpoint)) {
    const file = path.join(checkpoint, name);
    if (!(await fs.stat(file)).isFile()) await fs.cp(file, path.join(dir, name), { recursive: true });
    // Variables of the firmware are written to.
    else if (name === 'efivars.fd') await fs.copyFile(file, path.join(dir, name));
    else await fs.link(file, path.join(dir, name));
  }
  const disks: Chain[] = [];
  for (const [index, chain] of inFolder(dir, note.disks).entries()) {
    const over = chain.at(-1)!;
    const file = path.join(dir, `disk${index}-${chain.length}-next.qcow2`);
    const { size } = await inspectChainTop(over, ctx);
    await createDisk(file, { size: String(size), over }, ctx);
    disks.push([...chain, { file, format: 'qcow2' }]);
  }
  // The note is linked too: it must not be written through to the checkpoint's.
  await fs.rm(path.join(dir, 'goldsmith.json'), { force: true });
  return { ...note, run: ctx.run.id, disks };
}

async function inspectChainTop(disk: DiskFile, ctx: ResourceContext): Promise<{ readonly size: number }> {
  const handle = await fs.open(disk.file);
  try {
    // Bytes 24 to 31 of a qcow2 are its virtual size (docs/interop/qcow2.txt in QEMU's sources).
    const { buffer } = await handle.read(Buffer.alloc(8), 0, 8, 24);
    ctx.signal.throwIfAborted();
    return { size: Number(buffer.readBigUInt64BE()) };
  } finally {
    await handle.close();
  }
}

function sizeFor(wanted: string | undefined, size: number, index: number): string {
  if (wanted === undefined) return String(size);
  if (bytesOf(wanted) >= size) return String(bytesOf(wanted));
  const prop = index === 0 ? 'diskSize' : `diskAdditionalSize[${index - 1}]`;
  throw new GoldsmithError('LAUNCH_FAILED', `\`${prop}\` is ${wanted}, and the disk to start from has ${size} bytes`, {
    hint: 'disks can be made larger, not smaller: leave it out, or give at least that size',
  });
}
