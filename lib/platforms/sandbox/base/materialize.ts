import { createReadStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import { GoldsmithError } from '../../../errors';
import type { Artifact } from '../../../extension/artifact';
import type { RunContext } from '../../../extension/context';
import type { Json } from '../../../plan/json';
import type { Privilege } from '../machine/privilege';
import { openArchive, openFolder, type ImageFiles } from '../oci/files';
import { importImage, type Choice } from '../oci/import';
import { importRootfs } from '../oci/rootfs';
import type { LocalConfig, SandboxConfig } from '../sandbox-props';
import { emptyConfig, type RootImage } from '../store/image';
import type { Store } from '../store/store';
import type { BaseSpec } from './base-spec';
import { makeDebian } from './debian';
import { importFolder } from './folder';
import { makeMinimal } from './minimal';
import { allThere, pullBase } from './registry-base';

/** What a base needs to be brought here. */
export interface Workshop {
  readonly store: Store;
  readonly privilege: Privilege;
  readonly login: SandboxConfig['login'];
}

/** Brings an exact base here: afterwards all its layers are in the store. */
export async function bringBase(
  base: Json | undefined,
  local: LocalConfig | undefined,
  shop: Workshop,
  ctx: RunContext,
): Promise<RootImage> {
  if (local) return bringLocal(local, shop.store, ctx);
  const spec = base as unknown as BaseSpec | undefined;
  switch (spec?.kind) {
    case 'registry':
      return pullBase(spec, shop.login, shop.store, ctx);
    case 'debian':
      return makeDebian(spec, shop.store, ctx);
    case 'folder':
      return importFolder(spec, shop.privilege, shop.store, ctx);
    case 'minimal':
      return makeMinimal(spec, shop.store, ctx);
    case 'host':
      return hostBase(shop.privilege);
    case undefined:
      throw new GoldsmithError('INVALID_PLAN', 'the sandbox has no base', { hint: 'give the source a `base`' });
  }
}

/** An artifact of the sandbox as a base. What was captured on this machine needs no unpacking. */
export async function bringArtifact(
  artifact: Artifact,
  { store, privilege }: Workshop,
  ctx: RunContext,
): Promise<RootImage> {
  const key = artifactKey(artifact);
  const known = await store.recall<RootImage>(key);
  if (known && (await allThere(known, store))) return known;
  const file = ctx.resolvePath(String(artifact.outputs['path']));
  if (!(await fs.stat(file).catch(() => undefined))) {
    throw new GoldsmithError('NOT_FOUND', `the artifact ${artifact.outputs['path'] as string} is not there any more`, {
      hint: 'build it again with --force',
    });
  }
  const image = await importArtifact(artifact.kind, file, artifact, privilege, store, ctx);
  const host = artifact.outputs['base'] === 'host';
  const whole = host ? { ...image, host: hostBase(privilege).host } : image;
  await store.remember(key, whole);
  return whole;
}

/** Under which name the store knows an artifact's image. */
export function artifactKey(artifact: Artifact): string {
  return `artifact ${artifact.kind} ${artifact.id} ${artifact.outputs['base'] === 'host' ? 'host' : ''}`;
}

function importArtifact(
  kind: string,
  file: string,
  artifact: Artifact,
  privilege: Privilege,
  store: Store,
  ctx: RunContext,
): Promise<RootImage> {
  const choice: Choice = { label: String(artifact.outputs['path']) };
  switch (kind) {
    case 'oci-archive':
    case 'docker-archive':
      return take(openArchive(file, ctx), choice, store, ctx);
    case 'oci-layout':
      return take(openFolder(file), choice, store, ctx);
    case 'rootfs-tar':
      return importRootfs(createReadStream(file), store, ctx);
    case 'directory':
      return importFolder({ kind: 'folder', path: file }, privilege, store, ctx);
    default:
      throw new GoldsmithError(
        'BASE_MISMATCH',
        `a sandbox cannot start from a \`${kind}\`; it can from oci-archive, oci-layout, docker-archive, rootfs-tar and directory`,
      );
  }
}

async function bringLocal(local: LocalConfig, store: Store, ctx: RunContext): Promise<RootImage> {
  const file = (local.archive ?? local.layout)!;
  const { size, mtimeMs } = await fs.stat(file);
  const key = `local ${file} ${size} ${mtimeMs} ${local.name ?? ''} ${local.platform ?? ''}`;
  const known = await store.recall<RootImage>(key);
  if (known && (await allThere(known, store))) return known;
  ctx.say(`reading ${file.slice(file.lastIndexOf('/') + 1)}`);
  const choice: Choice = { label: file.slice(file.lastIndexOf('/') + 1), name: local.name, platform: local.platform };
  const image = local.rootfs
    ? await importRootfs(createReadStream(file), store, ctx)
    : await take(local.layout !== undefined ? openFolder(file) : openArchive(file, ctx), choice, store, ctx);
  await store.remember(key, image);
  return image;
}

async function take(opening: Promise<ImageFiles>, choice: Choice, store: Store, ctx: RunContext): Promise<RootImage> {
  const files = await opening;
  try {
    return await importImage(files, choice, store, ctx);
  } finally {
    await files.close();
  }
}

function hostBase(privilege: Privilege): RootImage {
  if (privilege.mode === 'root') return { layers: [], config: emptyConfig(), host: true };
  throw new GoldsmithError(
    'PLATFORM_UNAVAILABLE',
    "this machine's own root can be a base only for root: to a user its files belong to nobody",
    {
      hint: 'run it as root, or start from SandboxBase.minimal()',
    },
  );
}
