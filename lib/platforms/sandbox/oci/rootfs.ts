import type { RunContext } from '../../../extension/context';
import { compress, decompress, LAYER_TYPES } from '../store/codec';
import { hashing } from '../store/hashing';
import { emptyConfig, type RootImage } from '../store/image';
import type { Store } from '../store/store';

/** The tar archive of a root file system, compressed or not, as an image of one layer: its bytes are kept. */
export async function importRootfs(
  archive: AsyncIterable<Uint8Array>,
  store: Store,
  ctx: RunContext,
): Promise<RootImage> {
  const plain = hashing(decompress(archive, ctx));
  const { digest, size } = await store.addBlob(compress(plain, 'gzip', ctx), ctx);
  const diffId = plain.digest();
  const empty = emptyConfig();
  const config = { ...empty, rootfs: { type: 'layers', diff_ids: [diffId] } };
  return { layers: [{ digest, diffId, size, mediaType: LAYER_TYPES.gzip }], config, host: false };
}
