import { messageOf } from '../../../errors';
import type { Computer, Origin } from '../../machines/computer';
import type { Disks } from '../../machines/disks';
import type { Instance, Volume } from '../types';
import type { World } from '../world';
import { hostOf } from './host';
import { originOf } from './snapshots';

/** Disks for volumes, where this machine has block devices to give. It says so once where it has none. */
async function drivesOf(world: World): Promise<Disks | undefined> {
  const { drives } = world;
  if (!drives) return undefined;
  if (await drives.isAble()) return drives;
  if (!told.has(world)) {
    told.add(world);
    world.warn('no loop devices can be had here, which root may have: volumes other than the root have no content');
  }
  return undefined;
}

const told = new WeakSet<World>();

/** Lets the machine of an instance see its volumes, but for the root, which its files are. */
export async function plugAll(world: World, instance: Instance, computer: Computer): Promise<void> {
  for (const volume of world.volumes.all()) {
    if (volume.attachment?.instance !== instance.id || volume.attachment.device === instance.image.rootDevice) continue;
    await plug(world, volume, volume.attachment.device, computer);
  }
}

/** Lets the machine of an instance see a volume that was attached now. */
export async function plugOne(world: World, instance: Instance, volume: Volume): Promise<void> {
  const { attachment } = volume;
  if (!attachment || attachment.device === instance.image.rootDevice) return;
  const computer = await hostOf(world, instance).running();
  if (computer) await plug(world, volume, attachment.device, computer);
}

async function plug(world: World, volume: Volume, name: string, computer: Computer): Promise<void> {
  const drives = await drivesOf(world);
  if (!drives) return;
  try {
    const disk = await diskOf(world, drives, volume);
    await computer.plug(name, await drives.attach(disk), volume.id);
    await drives.watch(disk, (device, number) =>
      computer.plug(`${name}${number}`, device, `${volume.id}-part${number}`),
    );
  } catch (error) {
    world.warn(`the volume ${volume.id} cannot be seen as ${name}: ${messageOf(error)}`);
  }
}

/** Takes a volume from the machine of its instance. */
export async function unplug(world: World, volume: Volume, instance: Instance, name: string): Promise<void> {
  const disk = await volume.disk;
  if (disk === undefined) return;
  const computer = await hostOf(world, instance).running();
  await computer?.unplug(name);
  await world.drives?.detach(disk);
}

/** The disk of a volume, made when it is used first. */
export function diskOf(world: World, drives: Disks, volume: Volume): Promise<string> {
  volume.disk ??= (async () => {
    const snapshot = world.snapshots.find(volume.snapshot);
    const origin = await originOf(snapshot);
    if (origin === undefined || origin.kind === 'disk') return drives.make(volume.size, origin?.disk);
    return drives.makeRoot(volume.size, (folder) => world.room.unpack(origin, folder));
  })();
  return volume.disk;
}

/** What a volume that is no root holds now, for a snapshot: undefined where nobody has written to it. */
export async function frozenDisk(world: World, volume: Volume): Promise<Origin | undefined> {
  const disk = await volume.disk;
  if (disk === undefined || !world.drives) return undefined;
  return { kind: 'disk', disk: await world.drives.frozen(disk, volume.size) };
}

/** Deletes the disk of a volume. */
export async function discard(world: World, volume: Volume): Promise<void> {
  const disk = await volume.disk?.catch(() => undefined);
  if (disk !== undefined) await world.drives?.remove(disk);
}
