import * as fs from 'node:fs';
import * as path from 'node:path';
import { RunFolder } from '../../engine/run-folder';
import { GoldsmithError } from '../../errors';
import { parseEvents } from '../../reporters/json';
import { writeReport } from '../../reporters/html';
import type { Io } from '../io';
import { stateDirOf } from '../session';

/** Writes the report of a run: the last one where none is named. */
export async function report(
  io: Io,
  flags: { readonly state?: string; readonly output?: string },
  names: readonly string[],
): Promise<number> {
  const stateDir = stateDirOf(io.cwd, io, flags.state);
  const runs = await RunFolder.all(stateDir);
  const run = names[0] === undefined ? runs.at(-1) : runs.find(({ id }) => id === names[0]);
  if (!run || !fs.existsSync(run.events)) {
    const have =
      runs
        .map(({ id }) => id)
        .slice(-10)
        .join(', ') || 'none';
    throw new GoldsmithError(
      'NOT_FOUND',
      names[0] === undefined ? `there is no run in ${stateDir}` : `there is no run \`${names[0]}\`; runs are: ${have}`,
      {
        hint: 'build something first, or name its state folder with --state',
      },
    );
  }
  const file = flags.output === undefined ? path.join(run.dir, 'report.html') : path.resolve(io.cwd, flags.output);
  await writeReport(parseEvents(fs.readFileSync(run.events, 'utf8')), file);
  io.stdout.write(`${path.relative(io.cwd, file)}\n`);
  return 0;
}
