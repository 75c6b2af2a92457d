import { recover as recoverRuns } from '../../engine/recover';
import { GoldsmithError } from '../../errors';
import type { Io } from '../io';
import { stateDirOf } from '../session';
import { searchPlatforms, type SearchFlags } from './search';

/** Options of `goldsmith recover`. */
export type RecoverFlags = Omit<SearchFlags, 'search'> & { readonly search?: readonly string[] };

/** Deletes what dead runs left behind; says what, and what could not be deleted. */
export async function recover(io: Io, flags: RecoverFlags, runs: readonly string[]): Promise<number> {
  if (flags.search) return searchPlatforms(io, { ...flags, search: flags.search }, runs);
  for (const name of ['olderThan', 'yes'] as const) {
    if (flags[name] !== undefined)
      throw new GoldsmithError(
        'BAD_USAGE',
        `--${name === 'yes' ? name : 'older-than'} is for \`recover --search\` only`,
      );
  }
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
