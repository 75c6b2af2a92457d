import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { RunContext } from '../../../extension/context';
import { GoldsmithError } from '../../../errors';
import { explainTool } from '../../../util/tool-failed';
import { overlayXattr, privileged, type Privilege } from '../machine/privilege';
import { removeTree, runTool } from '../machine/run';
import { batched } from '../../../host/tar/batch';
import { readTar } from '../../../host/tar/reader';
import { toOverlay } from '../../../host/tar/whiteouts';
import { decompress } from './codec';
import { hashing } from './hashing';
import type { LayerRef } from './image';
import { publish } from './publish';
import { hexOf, type Store } from './store';

/** Layers unpacked: folders for overlayfs, known by the digest of their archive. Owners differ with the rights, so each has its own. */
export class Trees {
  constructor(
    private readonly store: Store,
    private readonly privilege: Privilege,
  ) {}

  /** The folder of a layer whose blob is in the store. */
  async folder(layer: LayerRef, ctx: RunContext): Promise<string> {
    const remove = (dir: string): Promise<void> => removeTree(dir, this.privilege, ctx);
    return this.store.once(this.nameOf(layer.diffId), (temporary) => this.unpack(layer, temporary, ctx), remove);
  }

  /**
   * Takes a folder over as the tree of the layer that was made of it. Its times become those of the layer: what is built on it must
   * not see whether it was unpacked or taken over.
   */
  async adopt(folder: string, diffId: string, epoch: number, ctx: RunContext): Promise<void> {
    const target = path.join(this.store.cache, this.nameOf(diffId));
    const age = ['find', folder, '-newermt', `@${epoch}`, '-exec', 'touch', '-h', '-d', `@${epoch}`, '{}', '+'];
    try {
      await runTool(privileged(this.privilege, age), ctx);
    } catch {
      ctx.signal.throwIfAborted();
      return; // A `find` that knows less: the layer is unpacked when it is needed.
    }
    const remove = (dir: string): Promise<void> => removeTree(dir, this.privilege, ctx);
    const move = async (to: string): Promise<void> => {
      await runTool(privileged(this.privilege, ['mv', '-T', '--', folder, to]), ctx);
    };
    if (!(await isThere(target))) await publish(target, move, remove);
  }

  private async unpack(layer: LayerRef, target: string, ctx: RunContext): Promise<void> {
    await fs.mkdir(target, { recursive: true, mode: 0o755 });
    const plain = hashing(decompress(this.store.readBlob(layer.digest), ctx));
    const tar = toOverlay(readTar(plain), {
      xattr: overlayXattr(this.privilege),
      devices: this.privilege.mode === 'root',
    });
    const owner = this.privilege.mode === 'single' ? '--no-same-owner' : '--same-owner';
    const command = [
      'tar',
      '--extract',
      '--file=-',
      `--directory=${target}`,
      '--numeric-owner',
      owner,
      '--same-permissions',
      ...XATTRS,
      '--warning=no-timestamp',
    ];
    try {
      await runTool(privileged(this.privilege, command), ctx, { input: batched(tar) });
    } catch (error) {
      throw explainTool(error, 'LAUNCH_FAILED', `unpacking the layer ${layer.digest}`);
    }
    if (plain.digest() !== layer.diffId) {
      throw new GoldsmithError(
        'LAUNCH_FAILED',
        `the layer ${layer.digest} holds ${plain.digest()}, and the image says ${layer.diffId}`,
        {
          hint: 'the image is damaged, or was made wrongly: build it anew',
        },
      );
    }
  }

  private nameOf(diffId: string): string {
    return path.join('trees', `${hexOf(diffId)}-${this.privilege.mode}`);
  }
}

/** File capabilities and overlayfs' notes are extended attributes. */
export const XATTRS = ['--xattrs', '--xattrs-include=*'];

async function isThere(file: string): Promise<boolean> {
  return fs.stat(file).then(
    () => true,
    () => false,
  );
}
