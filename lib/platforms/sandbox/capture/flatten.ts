import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { RunContext } from '../../../extension/context';
import { explainTool } from '../../../util/tool-failed';
import { privileged, type Privilege } from '../machine/privilege';
import { readTool } from '../machine/run';
import { XATTRS } from '../store/trees';
import { readTar } from '../../../host/tar/reader';
import { normalise } from '../../../host/tar/whiteouts';
import { readFolder } from './layers';
import { mergeLayers } from './merge';

/** What is flattened. */
export interface Flat {
  /** Folders of layers, the lowest first. */
  readonly layers: readonly string[];
  /** Whether they are a difference to this machine's own root: then whiteouts are kept. */
  readonly difference: boolean;
  readonly epoch: number;
  readonly privilege: Privilege;
  /** A folder of its own, to mount in. */
  readonly workDir: string;
}

/** All layers as one tar archive. */
export function flatten(flat: Flat, ctx: RunContext): AsyncGenerator<Buffer> {
  return flat.difference ? difference(flat, ctx) : whole(flat, ctx);
}

function difference({ layers, epoch, privilege }: Flat, ctx: RunContext): AsyncGenerator<Buffer> {
  const read = (dir: string): ReturnType<typeof readTar> =>
    readTar(readFolder(dir, { epoch, overlay: true }, privilege, ctx, ['--hard-dereference']));
  return mergeLayers([...layers].reverse().map(read));
}

/** The kernel knows best what shows: the layers are mounted, and read. */
async function* whole({ layers, epoch, privilege, workDir }: Flat, ctx: RunContext): AsyncGenerator<Buffer> {
  await fs.mkdir(path.join(workDir, 'root'), { recursive: true });
  await Promise.all(['empty', 'none'].map((name) => fs.mkdir(path.join(workDir, name))));
  await Promise.all([...layers].reverse().map((layer, index) => fs.symlink(layer, path.join(workDir, String(index)))));
  // Without an upper layer at least two are needed, whatever the image has.
  const lowers = [...layers.map((_, index) => String(index)), 'empty', 'none'];
  const options = [
    `lowerdir=${lowers.join(':')}`,
    ...(privilege.mode === 'root' ? ['redirect_dir=off', 'metacopy=off'] : ['userxattr']),
  ].join(',');
  const tar = [
    'tar',
    '--create',
    '--file=-',
    '--format=pax',
    '--sort=name',
    '--numeric-owner',
    ...XATTRS,
    '--directory=root',
    '.',
  ];
  const script = 'mount -t overlay overlay -o "$1" root && shift && exec "$@"';
  const command = privileged(privilege, [
    'unshare',
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    script,
    'sh',
    options,
    ...tar,
  ]);
  try {
    yield* normalise(readTar(readTool(command, ctx, { cwd: workDir })), { epoch, overlay: false });
  } catch (error) {
    throw explainTool(error, 'CAPTURE_FAILED', 'reading the finished root');
  }
}
