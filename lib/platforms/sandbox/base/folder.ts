import { createHash } from 'node:crypto';
import { GoldsmithError } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import { readTool } from '../machine/run';
import { privileged, type Privilege } from '../machine/privilege';
import { importRootfs } from '../oci/rootfs';
import { explainTool } from '../../../util/tool-failed';
import type { RootImage } from '../store/image';
import type { Store } from '../store/store';
import { XATTRS } from '../store/trees';
import { readTar } from '../../../host/tar/reader';
import { normalise } from '../../../host/tar/whiteouts';
import type { FolderSpec } from './base-spec';
import { allThere } from './registry-base';

/** Which state a folder is in: the hash of its archive. */
export async function lookUpFolder(spec: FolderSpec, privilege: Privilege, ctx: RunContext): Promise<FolderSpec> {
  const hash = createHash('sha256');
  for await (const part of archiveOf(ctx.resolvePath(spec.path), privilege, ctx)) hash.update(part);
  return { ...spec, tree: hash.digest('hex') };
}

/** The folder of a root file system as an image. */
export async function importFolder(
  spec: FolderSpec,
  privilege: Privilege,
  store: Store,
  ctx: RunContext,
): Promise<RootImage> {
  const key = `folder ${spec.tree}`;
  const known = spec.tree === undefined ? undefined : await store.recall<RootImage>(key);
  if (known && (await allThere(known, store))) return known;
  const image = await importRootfs(archiveOf(ctx.resolvePath(spec.path), privilege, ctx), store, ctx);
  const { diffId } = image.layers[0]!;
  if (spec.tree !== undefined && diffId !== `sha256:${spec.tree}`) {
    throw new GoldsmithError(
      'LOOKUP_FAILED',
      `the folder \`${spec.path}\` is not as it was when goldsmith.lock.json was written`,
      {
        hint: 'run `goldsmith update` to take it as it is now',
      },
    );
  }
  await store.remember(key, image);
  return image;
}

/** A folder as a tar archive: the same folder gives the same bytes. */
async function* archiveOf(dir: string, privilege: Privilege, ctx: RunContext): AsyncGenerator<Buffer> {
  const command = [
    'tar',
    '--create',
    '--file=-',
    '--format=pax',
    '--sort=name',
    '--numeric-owner',
    ...XATTRS,
    `--directory=${dir}`,
    '.',
  ];
  try {
    yield* normalise(readTar(readTool(privileged(privilege, command), ctx)), {
      epoch: Number.MAX_SAFE_INTEGER,
      overlay: false,
    });
  } catch (error) {
    throw explainTool(error, 'LAUNCH_FAILED', `reading the folder ${dir}`);
  }
}
