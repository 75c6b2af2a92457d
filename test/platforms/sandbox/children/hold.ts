import * as path from 'node:path';
import { sandbox } from '../../../../lib/platforms/sandbox';
import { MINIMAL } from '../builder';
import { makeContext } from '../helpers';

/** Starts a machine with something running in it, tells of it, and waits to be killed. */
async function main(): Promise<void> {
  const [dir = '', mark = ''] = process.argv.slice(2);
  const ctx = makeContext(dir);
  const driver = await sandbox.load(ctx);
  const machine = await driver.launch({}, MINIMAL, ctx);
  const communicator = await driver.connect(machine, {}, ctx);
  void communicator.exec(`sleep ${mark}1 & (sleep ${mark}2 &) ; wait`, { signal: ctx.signal }).catch(() => undefined);
  await ctx.poll('both to run', async () => {
    let out = '';
    await communicator.exec('cat /proc/[0-9]*/cmdline', { signal: ctx.signal, onOutput: (text) => (out += text) });
    return out.includes(`\0${mark}1\0`) && out.includes(`\0${mark}2\0`) ? true : undefined;
  });
  const folder = path.join(ctx.stateDir, 'sandbox/machines', machine.resource.id!);
  process.stdout.write(`${JSON.stringify({ folder, resource: machine.resource })}\n`);
  setInterval(() => undefined, 1000);
}

main().catch((error: unknown) => {
  process.stderr.write(String((error as Error).stack));
  process.exit(1);
});
