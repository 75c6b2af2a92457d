import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { RunContext } from '../../extension/context';
import { treeOfDisk } from './disk-tree';

/** The root file systems of disks as folders: each state of a disk is unpacked once in a rehearsal. */
export class DiskTrees {
  private readonly folder: string;
  private readonly trees = new Map<string, Promise<string>>();

  constructor(private readonly ctx: RunContext) {
    this.folder = path.join(ctx.stateDir, 'trees');
  }

  /** The folder of a disk's root. */
  async of(disk: string): Promise<string> {
    const { size, mtimeMs } = await fs.stat(disk);
    const state = createHash('sha256').update(`${disk} ${size} ${mtimeMs}`).digest('hex').slice(0, 32);
    let tree = this.trees.get(state);
    if (!tree) {
      this.trees.set(state, (tree = this.unpack(disk, path.join(this.folder, state))));
      tree.catch(() => this.trees.delete(state));
    }
    return tree;
  }

  /** Deletes all of them. */
  async clear(): Promise<void> {
    await Promise.allSettled(this.trees.values());
    await fs.rm(this.folder, { recursive: true, force: true });
  }

  private async unpack(disk: string, into: string): Promise<string> {
    await fs.mkdir(this.folder, { recursive: true });
    await treeOfDisk(disk, into, this.ctx);
    return into;
  }
}
