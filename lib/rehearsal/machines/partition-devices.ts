import { watch, type FSWatcher } from 'node:fs';
import * as fs from 'node:fs/promises';

/** Told of a partition's device, and of its number. */
export type Told = (device: string, number: string) => Promise<void>;

const DEV = '/dev';

/** The devices of partitions, as the kernel makes them when a table is written. */
export class Partitions {
  private readonly told = new Map<string, Told>();
  private watcher: FSWatcher | undefined;

  /** Tells of the partitions of a loop device: those that are there, and those to come. */
  async watch(device: string, told: Told): Promise<void> {
    this.told.set(device, told);
    if (!this.watcher) {
      this.watcher = watch(DEV, (_event, name) => void this.tell(name ?? '').catch(() => undefined));
      this.watcher.on('error', () => undefined);
      this.watcher.unref();
    }
    for (const name of await fs.readdir(DEV)) if (`${DEV}/${name}`.startsWith(`${device}p`)) await this.tell(name);
  }

  /** Tells no more of a device. */
  forget(device: string): void {
    this.told.delete(device);
  }

  /** Tells of none any more. */
  close(): void {
    this.watcher?.close();
    this.told.clear();
  }

  private async tell(name: string): Promise<void> {
    const [, disk, number] = /^(loop\d+)p(\d+)$/.exec(name) ?? [];
    const told = disk === undefined ? undefined : this.told.get(`${DEV}/${disk}`);
    if (!told || number === undefined) return;
    // It is told of what is taken away as well.
    const stat = await fs.stat(`${DEV}/${name}`).catch(() => undefined);
    if (stat?.isBlockDevice()) await told(`${DEV}/${name}`, number);
  }
}
