import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { RunContext } from '../../../extension/context';
import { GoldsmithError } from '../../../errors';
import { overlayXattr, privileged, type Privilege } from '../machine/privilege';
import { removeTree, runTool, toolError } from '../machine/run';
import { batched } from '../tar/batch';
import { readTar } from '../tar/reader';
import { toOverlay } from '../tar/whiteouts';
import { readIfThere } from '../../../util/atomic';
import { decompress } from './codec';
import { hashing } from './hashing';
import type { LayerRef } from './image';
import { hexOf, type Store } from './store';

/** Layers unpacked: folders for overlayfs, known by the digest of their archive. Owners differ with the rights, so each has its own. */
export class Trees {
  constructor(
    private readonly store: Store,
    private readonly privilege: Privilege,
  ) {}

  /** The folder of a layer whose blob is in the store. */
  async folder(layer: LayerRef, ctx: RunContext): Promise<string> {
    const name = this.nameOf(layer.diffId);
    const remove = (dir: string): Promise<void> => removeTree(dir, this.privilege, ctx);
    return this.store.once(name, async (temporary) => {
        if (!(await this.link(name, temporary, ctx))) await this.unpack(layer, temporary, ctx);
      }, remove);
  }

  /** Whether a layer is unpacked already. */
  async has(diffId: string): Promise<boolean> {
    return fs.stat(path.join(this.store.cache, this.nameOf(diffId))).then(() => true, () => false);
  }

  /** Takes a folder over as the tree of a layer that was made of it. */
  async adopt(folder: string, diffId: string, ctx: RunContext): Promise<void> {
    const remove = (dir: string): Promise<void> => removeTree(dir, this.privilege, ctx);
    await this.store.once(
      this.nameOf(diffId),
      async (temporary) => void (await runTool(privileged(this.privilege, ['mv', '-T', '--', folder, temporary]), ctx)),
      remove,
    );
  }

  /** Notes that a folder which belongs to somebody else holds the same as the tree of a layer. */
  async hint(folder: string, diffId: string): Promise<void> {
    const file = path.join(this.store.cache, `${this.nameOf(diffId)}.same`);
    await fs.mkdir(path.dirname(file), { recursive: true });
    await fs.writeFile(file, folder);
  }

  /** A tree from a folder with the same content: hard links, since neither is ever changed. */
  private async link(name: string, temporary: string, ctx: RunContext): Promise<boolean> {
    const same = await readIfThere(path.join(this.store.cache, `${name}.same`));
    if (same === undefined) return false;
    try {
      await runTool(privileged(this.privilege, ['cp', '-a', '--link', '-T', '--', same, temporary]), ctx);
      return true;
    } catch {
      ctx.signal.throwIfAborted();
      await removeTree(temporary, this.privilege, ctx);
      return false;
    }
  }

  private async unpack(layer: LayerRef, target: string, ctx: RunContext): Promise<void> {
    await fs.mkdir(target, { recursive: true, mode: 0o755 });
    const plain = hashing(decompress(this.store.readBlob(layer.digest), ctx));
    const tar = toOverlay(readTar(plain), { xattr: overlayXattr(this.privilege), devices: this.privilege.mode === 'root' });
    const owner = this.privilege.mode === 'single' ? '--no-same-owner' : '--same-owner';
    const command = ['tar', '--extract', '--file=-', `--directory=${target}`, '--numeric-owner', owner, '--same-permissions', ...XATTRS, '--warning=no-timestamp'];
    try {
      await runTool(privileged(this.privilege, command), ctx, { input: batched(tar) });
    } catch (error) {
      throw toolError(error, 'LAUNCH_FAILED', `unpacking the layer ${layer.digest}`);
    }
    if (plain.digest() !== layer.diffId) {
      throw new GoldsmithError('LAUNCH_FAILED', `the layer ${layer.digest} holds ${plain.digest()}, and the image says ${layer.diffId}`, {
        hint: 'the image is damaged, or was made wrongly: build it anew',
      });
    }
  }

  private nameOf(diffId: string): string {
    return path.join('trees', `${hexOf(diffId)}-${this.privilege.mode}`);
  }
}

/** File capabilities and overlayfs' notes are extended attributes. */
export const XATTRS = ['--xattrs', '--xattrs-include=*'];
