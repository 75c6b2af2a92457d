import { validate as validatePlan } from '../../engine/update';
import { GoldsmithError } from '../../errors';
import type { Io } from '../io';
import { printError } from '../print-error';
import type { Session } from '../session';

/** Checks the program, and with the platforms what can be known before a build. */
export async function validate(
  session: Session,
  io: Io,
  _flags: object,
  selectors: readonly string[],
): Promise<number> {
  session.write();
  const problems = await validatePlan(session.plan, {
    projectDir: session.projectDir,
    stateDir: session.stateDir,
    assetsDir: session.assetsDir,
    env: io.env,
    variables: session.variables,
    ...(session.extensions && { extensions: session.extensions }),
    select: selectors,
  });
  if (problems.length === 0) {
    io.stdout.write(`valid: ${session.plan.nodes.length} nodes\n`);
    return 0;
  }
  printError(GoldsmithError.all(problems, 'PREFLIGHT_FAILED'), io);
  return 1;
}
