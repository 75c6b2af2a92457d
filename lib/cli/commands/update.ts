import { updateLookups } from '../../engine/update';
import type { Io } from '../io';
import type { Session } from '../session';

/** Moves the lock file to what every lookup of the plan resolves to now. */
export async function update(session: Session, io: Io): Promise<number> {
  const moves = await updateLookups(session.plan, {
    projectDir: session.projectDir,
    stateDir: session.stateDir,
    env: io.env,
    variables: session.variables,
    ...(session.extensions && { extensions: session.extensions }),
  });
  for (const { label, moved } of moves) io.stdout.write(`${moved ? 'moved    ' : 'unchanged'}  ${label}\n`);
  if (moves.length === 0) io.stdout.write('the plan has no lookups\n');
  return 0;
}
