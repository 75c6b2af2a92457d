import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import * as path from 'node:path';
import type { RunContext } from '../../extension/context';
import type { WindowsComputer } from './computer';

/** Makes a machine of Windows in a folder of its own, with the files of a disk where one is given. */
export async function launchWindows(disk: string | undefined, ctx: RunContext): Promise<WindowsComputer> {
  const { WindowsMachine } = require('../windows/windows') as typeof import('../windows/windows');
  const all = path.join(ctx.stateDir, 'windows');
  await mkdir(all, { recursive: true });
  const root = await mkdtemp(path.join(all, 'machine-'));
  if (disk !== undefined) await cp(disk, root, { recursive: true });
  const machine = new WindowsMachine({ root, searchPath: ctx.env['PATH'] ?? '', user: 'Administrator' });
  return {
    machine,
    freeze: async () => {
      const copy = await mkdtemp(path.join(all, 'disk-'));
      await cp(root, copy, { recursive: true });
      return { kind: 'windows', disk: copy, generalized: machine.generalized };
    },
    destroy: async () => {
      machine.remove();
      await rm(root, { recursive: true, force: true });
    },
  };
}
