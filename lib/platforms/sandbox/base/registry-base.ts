import type { RunContext } from '../../../extension/context';
import { formatReference, parseReference } from '../../../oci/reference';
import { findManifest, pullImage } from '../oci/pull';
import { Registry, type RegistryOptions } from '../oci/registry';
import type { RootImage } from '../store/image';
import type { Store } from '../store/store';
import type { RegistrySpec } from './base-spec';

/** Which image a name means now: the same name, with the digest of the manifest for the platform. */
export async function lookUpImage(
  spec: RegistrySpec,
  login: RegistryOptions['login'],
  ctx: RunContext,
): Promise<RegistrySpec> {
  const registry = open(spec, login, ctx);
  try {
    const { digest } = await findManifest(registry, spec.platform);
    return { ...spec, reference: formatReference({ ...registry.reference, tag: undefined, digest }) };
  } finally {
    registry.close();
  }
}

/** An image of a registry: what was pulled once is not asked for again. */
export async function pullBase(
  spec: RegistrySpec,
  login: RegistryOptions['login'],
  store: Store,
  ctx: RunContext,
): Promise<RootImage> {
  const key = `registry ${spec.reference} ${spec.platform ?? ''}`;
  const known = await store.recall<RootImage>(key);
  if (known && (await allThere(known, store))) return known;
  const registry = open(spec, login, ctx);
  try {
    ctx.say(`pulling ${spec.reference}`);
    const image = await pullImage(registry, await findManifest(registry, spec.platform), store, ctx);
    await store.remember(key, image);
    return image;
  } finally {
    registry.close();
  }
}

/** Whether all layers of an image are in the store. */
export async function allThere(image: RootImage, store: Store): Promise<boolean> {
  for (const { digest } of image.layers) if (!(await store.hasBlob(digest))) return false;
  return true;
}

function open(spec: RegistrySpec, login: RegistryOptions['login'], ctx: RunContext): Registry {
  return new Registry(parseReference(spec.reference), 'pull', { login, insecure: spec.insecure }, ctx);
}
