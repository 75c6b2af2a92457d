import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { GoldsmithError } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import { choosePlatform } from '../../../oci/platform';
import { formatReference, type ImageReference } from '../../../oci/reference';
import type { JsonObject } from '../../../plan/json';
import type { LayerRef, RootImage } from '../store/image';
import type { Store } from '../store/store';
import { textOf } from './http';
import {
  DOCKER_LIST,
  DOCKER_MANIFEST,
  OCI_INDEX,
  OCI_MANIFEST,
  type Descriptor,
  type Index,
  type Manifest,
} from './media-types';
import { PassingTrouble, type Registry } from './registry';

const ACCEPT = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST].join(', ');

/** The manifest of one image, and its digest. */
export interface FoundManifest {
  readonly digest: string;
  readonly manifest: Manifest;
}

/** Which image a name means now, for a platform such as `linux/arm64`. */
export async function findManifest(registry: Registry, platform: string | undefined): Promise<FoundManifest> {
  const { reference } = registry;
  const top = await fetchManifest(registry, reference.digest ?? reference.tag ?? 'latest');
  if (!('manifests' in top.content)) return { digest: top.digest, manifest: asManifest(top.content, reference) };
  const chosen = choosePlatform(top.content.manifests, platform, formatReference(reference));
  const inner = await fetchManifest(registry, chosen.digest);
  return { digest: inner.digest, manifest: asManifest(inner.content, reference) };
}

/** Fetches an image's configuration and those of its layers that are not there yet. */
export async function pullImage(
  registry: Registry,
  { manifest }: FoundManifest,
  store: Store,
  ctx: RunContext,
): Promise<RootImage> {
  await fetchBlob(registry, manifest.config, store, ctx);
  const config = JSON.parse(await store.blobText(manifest.config.digest)) as JsonObject & {
    rootfs?: { diff_ids?: string[] };
  };
  const layers = manifest.layers.map((descriptor, index): LayerRef => {
    const diffId = config.rootfs?.diff_ids?.[index];
    if (diffId === undefined)
      throw new GoldsmithError(
        'LOOKUP_FAILED',
        `${formatReference(registry.reference)} is damaged: its configuration knows fewer layers than its manifest`,
      );
    return { digest: descriptor.digest, diffId, size: descriptor.size, mediaType: descriptor.mediaType };
  });
  const distinct = [...new Map(manifest.layers.map((layer) => [layer.digest, layer])).values()];
  await inParallel(distinct, 3, (layer) => fetchBlob(registry, layer, store, ctx));
  return { layers, config, host: false };
}

async function fetchManifest(
  registry: Registry,
  wanted: string,
): Promise<{ digest: string; content: Manifest | Index }> {
  const what = `looking up ${formatReference(registry.reference)}`;
  const response = await registry.need(what, `manifests/${wanted}`, { headers: { accept: ACCEPT } });
  const text = await textOf(response);
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  if (wanted.startsWith('sha256:') && digest !== wanted)
    throw new GoldsmithError(
      'LOOKUP_FAILED',
      `${what}: the registry sent a manifest with the digest ${digest} for ${wanted}`,
    );
  return { digest, content: JSON.parse(text) as Manifest | Index };
}

function asManifest(content: Manifest | Index, reference: ImageReference): Manifest {
  if ('config' in content && 'layers' in content) return content;
  throw new GoldsmithError(
    'LOOKUP_FAILED',
    `${formatReference(reference)} is no image of a kind that is known here (manifest of Docker schema 2 or OCI)`,
  );
}

/** Fetches a blob; after a break, from where it broke off. */
async function fetchBlob(
  registry: Registry,
  { digest, size }: Descriptor,
  store: Store,
  ctx: RunContext,
): Promise<void> {
  if (await store.hasBlob(digest)) return;
  const label = `pull ${registry.reference.repository} ${digest.slice(7, 19)}`;
  const received = { size: 0 };
  async function* content(): AsyncGenerator<Uint8Array> {
    for (let failures = 0; received.size < size;) {
      const before = received.size;
      try {
        const response = await registry.need(
          label,
          `blobs/${digest}`,
          before > 0 ? { headers: { range: `bytes=${before}-` } } : {},
        );
        yield* from(response, before, received, (current) =>
          ctx.progress({ label, current, total: size, unit: 'bytes' }),
        );
        if (received.size < size) throw new PassingTrouble('the connection ended too early');
      } catch (error) {
        ctx.signal.throwIfAborted();
        if (GoldsmithError.is(error)) throw error;
        failures = received.size > before ? 1 : failures + 1;
        if (failures > 4) throw error;
        ctx.warn(`${label}: broke off after ${received.size} of ${size} bytes; going on from there`);
        await ctx.clock.sleep(250 * 2 ** failures, ctx.signal);
      }
    }
  }
  await store.addBlob(content(), ctx, digest);
}

/** The bytes after `skip`: a registry that knows no ranges sends all from the start. */
async function* from(
  response: IncomingMessage,
  skip: number,
  received: { size: number },
  onBytes: (size: number) => void,
): AsyncGenerator<Uint8Array> {
  let left = response.statusCode === 206 ? 0 : skip;
  for await (const chunk of response) {
    const bytes = chunk as Buffer;
    const fresh = bytes.subarray(Math.min(left, bytes.length));
    left -= bytes.length - fresh.length;
    if (fresh.length === 0) continue;
    received.size += fresh.length;
    onBytes(received.size);
    yield fresh;
  }
}

async function inParallel<T>(items: readonly T[], most: number, act: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
}
