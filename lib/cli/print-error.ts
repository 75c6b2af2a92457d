import { GoldsmithError, toProblem } from '../errors';
import { problemLines } from '../reporters/problem';
import { createTheme } from '../reporters/theme';
import type { Io } from './io';

/** Prints every problem of an error. A stack only for a fault of goldsmith itself, and only when it is asked for. */
export function printError(error: unknown, io: Io): void {
  const theme = createTheme(io.colour);
  const problems = GoldsmithError.is(error) ? error.problems : [toProblem(error)];
  for (const problem of problems) io.stderr.write(`${problemLines(problem, theme).join('\n')}\n`);
  if (problems.length > 1) io.stderr.write(`${problems.length} problems\n`);
  if (!GoldsmithError.is(error) && error instanceof Error) {
    if (io.env['GOLDSMITH_DEBUG']) io.stderr.write(`${error.stack ?? ''}\n`);
    else io.stderr.write('  this is not expected; GOLDSMITH_DEBUG=1 shows where it comes from\n');
  }
}
