import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../../errors';
import type { Computer } from './computer';

/** Where Linux has disks by their serial numbers. */
const BY_ID = '/dev/disk/by-id';

/** The machine that the rehearsal runs on. A volume is seen on it as on an instance of EC2: by its serial number. */
export class OwnComputer implements Computer {
  private readonly links = new Map<string, string>();

  run(): Promise<never> {
    return notThis('commands are run on it');
  }

  async plug(name: string, device: string, id: string): Promise<void> {
    const link = path.join(BY_ID, `nvme-Amazon_Elastic_Block_Store_${id.replace('vol-', 'vol')}`);
    await fs.mkdir(BY_ID, { recursive: true });
    await fs.rm(link, { force: true });
    await fs.symlink(device, link);
    this.links.set(name, link);
  }

  async unplug(name: string): Promise<void> {
    for (const [one, link] of this.links) {
      if (one !== name && !(one.startsWith(name) && /^\d+$/.test(one.slice(name.length)))) continue;
      this.links.delete(one);
      await fs.rm(link, { force: true });
    }
  }

  freeze(): Promise<never> {
    return notThis('an image is made of it');
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  async destroy(): Promise<void> {
    for (const name of [...this.links.keys()]) await this.unplug(name);
  }
}

function notThis(what: string): Promise<never> {
  return Promise.reject(new GoldsmithError('INTERNAL', `the rehearsal runs on this machine itself, and ${what}`));
}
