import { toProblem } from '../../../../lib/errors';
import { sandbox } from '../../../../lib/platforms/sandbox';
import { MINIMAL } from '../builder';
import { makeContext } from '../helpers';

/** Starts a machine in a folder, and prints what went wrong. */
async function main(): Promise<void> {
  const ctx = makeContext(process.argv[2]!);
  const driver = await sandbox.load(ctx);
  const [problem] = await driver.preflight!({}, ctx);
  if (!problem) await driver.launch({}, MINIMAL, ctx);
  process.stdout.write(JSON.stringify(problem ?? { code: 'NONE', message: 'nothing went wrong' }));
}

main().catch((error: unknown) => void process.stdout.write(JSON.stringify(toProblem(error))));
