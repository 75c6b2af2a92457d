import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { randomBytes } from 'node:crypto';
import type { RunContext } from '../../extension/context';
import { runTool } from '../../host/tool';
import { hostEnv } from '../../platforms/sandbox/machine/tools';
import { Partitions, type Told } from './partition-devices';
import { rootDisk } from './root-disk';

const GIGABYTE = 1024 ** 3;

/**
 * Raw disks as files, sparse, and as block devices of this machine (loop devices): what volumes are. Where loop devices cannot be had,
 * volumes have no content.
 */
export class Disks {
  private readonly devices = new Map<string, string>();
  private readonly partitions = new Partitions();
  private readonly ctx: RunContext;
  private able: Promise<boolean> | undefined;

  /** @param dir folder of the files; it is made when there is the first */
  constructor(
    private readonly dir: string,
    ctx: RunContext,
  ) {
    // Where programs of root's are is not in the path of many a user.
    this.ctx = { ...ctx, env: hostEnv(ctx.env) };
  }

  /** Whether a file really becomes a block device here: it is tried, once. */
  isAble(): Promise<boolean> {
    this.able ??= this.attempt();
    return this.able;
  }

  /** A disk of zeros, or with what another one holds. */
  async make(gigabytes: number, from?: string): Promise<string> {
    await fs.mkdir(this.dir, { recursive: true });
    const file = path.join(this.dir, `${randomBytes(8).toString('hex')}.raw`);
    if (from !== undefined) await this.copy(from, file);
    else await fs.writeFile(file, '');
    const { size } = await fs.stat(file);
    if (size < gigabytes * GIGABYTE) await fs.truncate(file, gigabytes * GIGABYTE);
    return file;
  }

  /** A disk whose one partition holds what is written into the folder that `fill` gets. */
  async makeRoot(gigabytes: number, fill: (folder: string) => Promise<void>): Promise<string> {
    const file = await this.make(0);
    const tree = `${file}.tree`;
    try {
      await fs.mkdir(tree);
      await fill(tree);
      await rootDisk(file, gigabytes, tree, this.ctx);
    } finally {
      await fs.rm(tree, { recursive: true, force: true });
    }
    return file;
  }

  /** The block device of a disk. */
  async attach(file: string): Promise<string> {
    const known = this.devices.get(file);
    if (known !== undefined) return known;
    const device = (await this.run(['losetup', '--find', '--show', '--partscan', file])).trim();
    // Not every kernel looks for partitions by itself; where there is no table, there is nothing to add.
    await this.run(['partx', '--add', device]).catch(() => undefined);
    this.devices.set(file, device);
    return device;
  }

  /** Tells of each partition of a disk that has a device: those that are there, and those that are made on it. */
  watch(file: string, told: Told): Promise<void> {
    const device = this.devices.get(file);
    return device === undefined ? Promise.resolve() : this.partitions.watch(device, told);
  }

  /** Lets go of the block device. */
  async detach(file: string): Promise<void> {
    const device = this.devices.get(file);
    if (device === undefined) return;
    this.devices.delete(file);
    this.partitions.forget(device);
    await this.run(['losetup', '--detach', device]);
  }

  /** A copy of what a disk holds now, also of what was written to its device a moment ago. */
  async frozen(file: string, gigabytes: number): Promise<string> {
    const device = this.devices.get(file);
    if (device !== undefined) await this.run(['blockdev', '--flushbufs', device]);
    return this.make(gigabytes, file);
  }

  /** Deletes a disk. */
  async remove(file: string): Promise<void> {
    await this.detach(file);
    await fs.rm(file, { force: true });
  }

  /** Lets go of all devices. */
  async close(): Promise<void> {
    for (const file of [...this.devices.keys()]) await this.detach(file);
    this.partitions.close();
  }

  private async copy(from: string, to: string): Promise<void> {
    await this.run(['cp', '--reflink=auto', '--sparse=always', '--', from, to]);
  }

  private run([program, ...args]: readonly string[]): Promise<string> {
    // What lets go of a device must not end with what it was needed for.
    return runTool(program!, args, { ...this.ctx, signal: new AbortController().signal });
  }

  /** Devices that a rehearsal has left which was killed. */
  private async sweep(): Promise<void> {
    const list = await this.run(['losetup', '--list', '--noheadings', '--output', 'NAME,BACK-FILE']);
    for (const line of list.split('\n')) {
      const [device, file = ''] = line.trim().split(/\s+/);
      if (device !== undefined && file.startsWith(`${this.dir}/`)) await this.run(['losetup', '--detach', device]);
    }
  }

  private async attempt(): Promise<boolean> {
    if (process.getuid?.() !== 0) return false;
    await this.sweep().catch(() => undefined);
    const file = await this.make(0);
    try {
      await fs.truncate(file, 1024 ** 2);
      await fs.stat(await this.attach(file));
      return true;
    } catch {
      return false;
    } finally {
      await this.remove(file).catch(() => undefined);
    }
  }
}
