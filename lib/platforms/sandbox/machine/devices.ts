import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { RunContext } from '../../../extension/context';
import type { Init } from './init';
import { runTool } from './run';

/** Makes the node of a block device in a machine that runs: under its name, and under the other one that Linux may give it. */
export async function makeNode(init: Init, name: string, device: string, ctx: RunContext): Promise<void> {
  for (const place of placesOf(init, name)) {
    await fs.mkdir(path.dirname(place), { recursive: true });
    await fs.rm(place, { force: true });
    await runTool(['cp', '-a', '--', device, place], ctx);
  }
}

/** Takes it away. */
export async function removeNode(init: Init, name: string, ctx: RunContext): Promise<void> {
  await runTool(['rm', '-f', '--', ...placesOf(init, name)], ctx);
}

/** What EC2 calls sdf is xvdf to most of its kernels: docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html. */
function placesOf({ id }: Init, name: string): string[] {
  const own = path.basename(name);
  const other = own.startsWith('sd') ? `xvd${own.slice(2)}` : own.startsWith('xvd') ? `sd${own.slice(3)}` : own;
  // A name is no way out of /dev: what is at the path of the machine's root is the machine's.
  return [...new Set([own, other])].map((one) => path.join('/proc', String(id.pid), 'root', 'dev', one));
}

/** Whether a name is a device's, or that of one of its partitions. */
export function isOf(device: string, name: string): boolean {
  return name === device || (name.startsWith(device) && /^\d+$/.test(name.slice(device.length)));
}

/** Whether a device of this machine is there: a partition may be gone. */
export function isThere(device: string): Promise<boolean> {
  return fs.stat(device).then(
    () => true,
    () => false,
  );
}
