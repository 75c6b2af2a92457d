import { search, type Search, type StrayRun } from '../../engine/search';
import { GoldsmithError } from '../../errors';
import { counted, formatDuration } from '../../reporters/units';
import { parseDuration } from '../../util/duration';
import type { Io } from '../io';
import { prompt } from '../prompt';
import { stateDirOf } from '../session';

/** Options of `goldsmith recover --search`. */
export interface SearchFlags {
  readonly state?: string;
  readonly json?: boolean;
  readonly search: readonly string[];
  readonly olderThan?: string;
  readonly yes?: boolean;
}

/** Modules of goldsmith's own platforms that can be searched. */
const MODULES: Readonly<Record<string, string>> = { 'amazon-ebs': 'goldsmith/aws' };

/** Finds by tags what runs of any machine have left, shows it, and deletes it where somebody says yes. */
export async function searchPlatforms(io: Io, flags: SearchFlags, named: readonly string[]): Promise<number> {
  const olderThan = flags.olderThan === undefined ? undefined : parseDuration(flags.olderThan);
  const found = await search({
    projectDir: io.cwd,
    stateDir: stateDirOf(io.cwd, io, flags.state),
    modules: modulesOf(flags.search),
    env: io.env,
    onWarning: (text) => void io.stderr.write(`warning: ${text}\n`),
    ...(olderThan !== undefined && { olderThan }),
  });
  try {
    const chosen = choose(found.runs, named);
    const shown = named.length > 0 ? chosen : found.runs;
    if (!flags.json) io.stdout.write(linesOf(shown, chosen));
    const agreed = chosen.length > 0 && (flags.yes === true || (await confirmed(io, flags, chosen)));
    const outcome = agreed ? await destroyAll(found, chosen) : { destroyed: [], left: [] };
    if (flags.json) io.stdout.write(`${JSON.stringify({ runs: shown, ...outcome })}\n`);
    else if (agreed) {
      for (const { kind, id, token } of outcome.destroyed) io.stdout.write(`deleted ${kind} ${id ?? token}\n`);
      for (const { resource, error } of outcome.left)
        io.stderr.write(`left: ${resource.kind} ${resource.id ?? resource.token}: ${error}\n`);
    } else if (chosen.length > 0) io.stdout.write('nothing was deleted: say yes with --yes\n');
    return outcome.left.length > 0 || (chosen.length > 0 && !agreed) ? 3 : 0;
  } finally {
    await found.close();
  }
}

function modulesOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const [use = '', module = MODULES[use]] = text.split(/=(.*)/s);
      if (module !== undefined && module !== '' && use !== '') return [use, module];
      throw new GoldsmithError('BAD_USAGE', `--search is ${JSON.stringify(text)}, which is no platform with tags`, {
        hint: `it takes ${Object.keys(MODULES).join(', ')}, or a type key and its module, such as \`acme=@acme/goldsmith\``,
      });
    }),
  );
}

/** What is deleted: of runs that are over, or of those that are named. */
function choose(runs: readonly StrayRun[], named: readonly string[]): readonly StrayRun[] {
  if (named.length === 0) return runs.filter(({ state }) => state === 'over');
  return named.map((id) => {
    const run = runs.find((one) => one.run === id);
    if (!run) {
      throw new GoldsmithError('NOT_FOUND', `nothing of a run \`${id}\` was found`, {
        hint: `there is something of ${runs.map((one) => one.run).join(', ') || 'none'}`,
      });
    }
    if (run.state === 'alive')
      throw new GoldsmithError('RUN_BUSY', `the run ${id} still goes on`, { hint: 'stop it first' });
    return run;
  });
}

const STATES = {
  alive: 'goes on here: left alone',
  over: 'over',
  unknown: 'may go on elsewhere: left alone unless it is named',
} as const;

function linesOf(runs: readonly StrayRun[], chosen: readonly StrayRun[]): string {
  if (runs.length === 0) return 'no run left anything behind\n';
  const lines = runs.flatMap((run) => {
    const age = run.lastSign === undefined ? 'of unknown age' : `${formatDuration(Date.now() - run.lastSign)} old`;
    const what = chosen.includes(run) ? 'to be deleted' : STATES[run.state];
    const app = run.app === '' ? '' : ` of ${run.app}`;
    return [
      `run ${run.run}${app}, ${age}: ${what}`,
      ...run.resources.map(({ kind, id, token, locator }) => {
        const region = (locator as { readonly region?: unknown } | null)?.region;
        return `  ${kind} ${id ?? token}${typeof region === 'string' ? ` in ${region}` : ''}`;
      }),
    ];
  });
  return `${lines.join('\n')}\n`;
}

async function confirmed(io: Io, flags: SearchFlags, chosen: readonly StrayRun[]): Promise<boolean> {
  if (!io.isTty || flags.json === true) return false;
  const things = counted(
    chosen.reduce((sum, { resources }) => sum + resources.length, 0),
    'thing',
  );
  const question = `delete ${things} of ${counted(chosen.length, 'run')}? [yes/no] `;
  return (await prompt({ input: io.stdin, output: io.stdout, question })) === 'yes';
}

async function destroyAll(found: Search, chosen: readonly StrayRun[]) {
  const destroyed: StrayRun['resources'][number][] = [];
  const left: Awaited<ReturnType<Search['destroy']>>[number][] = [];
  for (const run of chosen) {
    const failed = await found.destroy(run);
    left.push(...failed);
    destroyed.push(...run.resources.filter((resource) => !failed.some((one) => one.resource === resource)));
  }
  return { destroyed, left };
}
