import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { RunContext } from '../../../extension/context';
import { serialLog } from './layout';
import type { VirtualMachine } from './machine';

/** Keeps what the machine wrote to its serial console beside the log of the run, and where it still runs, a picture of its screen. */
export async function keepRecord(machine: VirtualMachine, ctx: RunContext): Promise<void> {
  const run = path.join(ctx.stateDir, 'runs', ctx.run.id);
  if (!(await fs.stat(run).catch(() => undefined))) return;
  const name = path.join(run, ctx.node.id.replace(/[^A-Za-z0-9]+/g, '-').toLowerCase());
  if (machine.alive) await machine.screenshot(`${name}.screen.png`);
  await fs.copyFile(serialLog(machine.layout.dir), `${name}.console.log`);
}
