import * as fs from 'node:fs/promises';
import type { RunContext } from '../../../extension/context';
import { runTool } from '../../../host/stream-tool';
import { privileged, type Privilege } from './privilege';

export { readTool, runTool, type ToolOptions } from '../../../host/stream-tool';

/** Deletes a folder with all that is in it, whoever of the machine's users it belongs to. */
export async function removeTree(dir: string, privilege: Privilege, ctx: RunContext): Promise<void> {
  if (privilege.mode === 'root') await fs.rm(dir, { recursive: true, force: true, maxRetries: 3 });
  else await runTool(privileged(privilege, ['rm', '-rf', '--', dir]), ctx);
}
