import { recover as recoverRuns } from '../../engine/recover';
import type { Io } from '../io';
import { stateDirOf } from '../session';

/** Deletes what dead runs left behind; says what, and what could not be deleted. */
export async function recover(
  io: Io,
  flags: { readonly state?: string; readonly json?: boolean },
  runs: readonly string[],
): Promise<number> {
  const result = await recoverRuns({
    projectDir: io.cwd,
    stateDir: stateDirOf(io.cwd, io, flags.state),
    env: io.env,
    ...(runs.length > 0 && { runs }),
  });
  if (flags.json) {
    io.stdout.write(`${JSON.stringify(result)}\n`);
  } else {
    for (const { kind, id, token } of result.destroyed) io.stdout.write(`deleted ${kind} ${id ?? token}\n`);
    for (const { resource, error } of result.left)
      io.stderr.write(`left: ${resource.kind} ${resource.id ?? resource.token}: ${error}\n`);
    const { length } = result.runs;
    io.stdout.write(
      length === 0
        ? 'no run left anything behind\n'
        : `${length} run${length === 1 ? '' : 's'}: ${result.destroyed.length} deleted, ${result.left.length} left\n`,
    );
  }
  return result.left.length > 0 ? 3 : 0;
}
