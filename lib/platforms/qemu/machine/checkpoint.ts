import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { ResourceContext, RunContext } from '../../../extension/context';
import { ownIdentity } from '../../../util/identity';
import { readIfThere } from '../../../util/atomic';
import { stampOf } from '../image/hash';
import { createDisk } from '../image/disks';
import type { QemuConfig } from '../props/qemu-props';
import { blockOptions } from './arguments';
import { blockNode, type Chain } from './layout';
import type { VirtualMachine } from './machine';
import { saveMemory } from './memory';
import { byName, readNote, writeNote, type Note } from './note';
import { QmpRefused } from './qmp';

/** Written when all is on the disk itself; until then a checkpoint is good only as long as this machine runs. */
const DURABLE = 'durable';
const BOOT = 'boot';

/**
 * Freezes what a machine is now: its disks get a new layer each, and its memory is written. The machine stands still meanwhile, and goes on.
 */
export async function freeze(
  machine: VirtualMachine,
  note: Note,
  folder: string,
  config: QemuConfig,
  ctx: ResourceContext,
): Promise<void> {
  const { layout, qmp, emulator } = machine;
  await fs.mkdir(folder, { recursive: true, mode: 0o700 });
  const withMemory = (config.checkpoints ?? 'memory') === 'memory';
  await qmp.run('stop');
  try {
    const frozen = machine.disks;
    for (const index of frozen.keys()) await addLayer(machine, index, config, ctx);
    const hasMemory = withMemory && (await trySaving(machine, path.join(folder, 'memory'), ctx));
    await keepFiles(layout.dir, folder, note, frozen);
    const { version, accelerator } = emulator;
    const memory = hasMemory ? { version, accelerator } : undefined;
    await fs.writeFile(path.join(folder, BOOT), ownIdentity().boot ?? '');
    await writeNote(folder, { ...note, disks: byName(layout.dir, frozen), memory });
  } finally {
    await qmp.run('cont');
  }
}

/** Whether a checkpoint can be started from: all there, whole, and over the same base as then. */
export async function isUsable(folder: string): Promise<boolean> {
  const note = await readNote(folder);
  if (!note) return false;
  const names = await fs.readdir(folder);
  const own = note.disks.flat().flatMap(({ file }) => (path.isAbsolute(file) ? [] : file));
  if (!own.every((name) => names.includes(name))) return false;
  for (const [file, stamp] of Object.entries(note.bases))
    if ((await stampOf(file).catch(() => undefined)) !== stamp) return false;
  return names.includes(DURABLE) || (await readIfThere(path.join(folder, BOOT))) === ownIdentity().boot;
}

/** Brings a checkpoint to the disk itself. Takes a while, so nobody waits for it but the end of the run. */
export async function persist(folder: string): Promise<void> {
  for (const name of await fs.readdir(folder)) {
    const handle = await fs.open(path.join(folder, name), 'r');
    await handle.datasync().finally(() => handle.close());
  }
  await fs.writeFile(path.join(folder, DURABLE), '');
}

/** Some devices cannot be saved: then the disks alone make the checkpoint. */
async function trySaving({ qmp }: VirtualMachine, file: string, ctx: ResourceContext): Promise<boolean> {
  try {
    await saveMemory(qmp, file, ctx);
    return true;
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (!(error instanceof QmpRefused)) throw error;
    ctx.warn(`the memory cannot be saved, so a later build boots: ${error.reason}`);
    await fs.rm(file, { force: true });
    return false;
  }
}

/** From now on the disk's changes go into a new file. */
async function addLayer(machine: VirtualMachine, index: number, config: QemuConfig, ctx: RunContext): Promise<void> {
  const chain: Chain = machine.disks[index]!;
  const top = chain.at(-1)!;
  const file = path.join(machine.layout.dir, `disk${index}-${chain.length}-${Date.now().toString(36)}.qcow2`);
  const node = `disk${index}-above-${chain.length}`;
  const [current] = await machine.qmp
    .run<readonly Inserted[]>('query-block')
    .then((all) => all.filter(({ qdev }) => qdev?.includes(`dev-disk${index}`)));
  const { 'node-name': below, image } = current!.inserted;
  await createDisk(file, { size: String(image['virtual-size']), over: top }, ctx);
  await machine.qmp.run('blockdev-add', {
    ...blockNode([{ file, format: 'qcow2' }], node, blockOptions(config)),
    backing: null,
  });
  await machine.qmp.run('blockdev-snapshot', { node: below, overlay: node });
  machine.disks = machine.disks.map((one, at) => (at === index ? [...one, { file, format: 'qcow2' as const }] : one));
}

interface Inserted {
  readonly qdev?: string;
  readonly inserted: { readonly 'node-name': string; readonly image: { readonly 'virtual-size': number } };
}

/** Layers under a second name: they are never written again. What still is written to is copied. */
async function keepFiles(dir: string, folder: string, note: Note, frozen: readonly Chain[]): Promise<void> {
  for (const { file } of frozen.flat())
    if (path.dirname(file) === dir) await fs.link(file, path.join(folder, path.basename(file)));
  const media = [note.seed, note.floppy, ...note.cds].filter((name) => name !== undefined && !path.isAbsolute(name));
  for (const name of media) await fs.link(path.join(dir, name!), path.join(folder, name!));
  if (note.efi) await fs.copyFile(path.join(dir, note.efi.vars), path.join(folder, note.efi.vars));
  const tpm = path.join(dir, 'tpm');
  if ((await fs.stat(tpm).catch(() => undefined)) !== undefined)
    await fs.cp(tpm, path.join(folder, 'tpm'), { recursive: true });
}
