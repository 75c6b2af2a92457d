import { GoldsmithError, toProblem } from '../errors';
import { createTheme } from '../reporters/theme';
import { formatProblems } from './format';
import type { Io } from './io';

/** Prints every problem of an error. A stack only for a fault of goldsmith itself, and only when it is asked for. */
export function printError(error: unknown, io: Io): void {
  const problems = GoldsmithError.is(error) ? error.problems : [toProblem(error)];
  io.stderr.write(`${formatProblems(problems, createTheme(io.colour)).join('\n')}\n`);
  if (!GoldsmithError.is(error) && error instanceof Error) {
    if (io.env['GOLDSMITH_DEBUG']) io.stderr.write(`${error.stack ?? ''}\n`);
    else io.stderr.write('  this is not expected; GOLDSMITH_DEBUG=1 shows where it comes from\n');
  }
}
