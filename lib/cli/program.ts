import { Command, CommanderError, Option } from 'commander';
import type { App } from '../app';
import { GoldsmithError } from '../errors';
import { VERSION } from '../util/version';
import type { BuildFlags } from './commands/build';
import type { GraphFlags } from './commands/graph';
import type { ServeFlags } from './commands/serve';
import type { SynthFlags } from './commands/synth';
import type { Io } from './io';
import { runUserProgram } from './load-program';
import { openPlan, openProgram, type Session } from './session';

/** Options that every command on a program has. */
export interface CommonFlags {
  readonly state?: string;
  readonly app?: string;
  readonly json?: boolean;
}

/** What a command does with a plan. */
export type Action<F> = (session: Session, io: Io, flags: F, selectors: readonly string[]) => Promise<number>;

/** The commands, each loaded only when it runs: starting is part of every command's time. */
const commands = {
  build: () => (require('./commands/build') as typeof import('./commands/build')).build,
  diff: () => (require('./commands/diff') as typeof import('./commands/diff')).diff,
  doctor: () => (require('./commands/doctor') as typeof import('./commands/doctor')).doctor,
  graph: () => (require('./commands/graph') as typeof import('./commands/graph')).graph,
  images: () => (require('./commands/images') as typeof import('./commands/images')).images,
  init: () => (require('./commands/init') as typeof import('./commands/init')).init,
  list: () => (require('./commands/list') as typeof import('./commands/list')).list,
  recover: () => (require('./commands/recover') as typeof import('./commands/recover')).recover,
  rehearse: () => (require('./commands/build') as typeof import('./commands/build')).rehearse,
  report: () => (require('./commands/report') as typeof import('./commands/report')).report,
  serve: () => (require('./commands/serve') as typeof import('./commands/serve')).serve,
  synth: () => (require('./commands/synth') as typeof import('./commands/synth')).synth,
  update: () => (require('./commands/update') as typeof import('./commands/update')).update,
  validate: () => (require('./commands/validate') as typeof import('./commands/validate')).validate,
};

/** Reads a command line and does what it says. Resolves with the exit status. */
export async function program(argv: readonly string[], io: Io, app?: App): Promise<number> {
  let status = 0;
  const root = base(io);

  /** A command on a plan: of the program in this process, of a plan.json, or of a program that is found and run. */
  const onPlan = <F extends CommonFlags>(command: Command, load: () => Action<F>): Command =>
    command
      .option('--state <dir>', 'where state is kept')
      .option('--app <program>', 'the program: a file, or a command that runs it')
      .option('--var <name=value>', 'value of a variable', gather, [])
      .option('--var-file <file>', 'JSON file with values of variables', gather, [])
      .action(async (names: readonly string[] | undefined, flags: F) => {
        const [first, ...rest] = names ?? [];
        const served: ServeFlags = flags;
        if (served.serve !== undefined) {
          status = await commands.serve()(io, served);
          return;
        }
        if (first?.endsWith('.json') && !app) status = await load()(openPlan(first, io, flags), io, flags, rest);
        else if (app) status = await load()(openProgram(app, io, flags), io, flags, names ?? []);
        else status = await runUserProgram(flags.app, withoutApp(argv), io);
      });

  onPlan<BuildFlags>(buildCommand(root, app !== undefined), commands.build);
  onPlan<BuildFlags>(rehearseCommand(root), commands.rehearse);
  onPlan<SynthFlags>(
    root
      .command('synth')
      .description('write the plan and its assets')
      .argument('[plan...]')
      .option('-o, --output <dir>', 'folder for plan.json and assets')
      .option('--stdout', 'print the plan'),
    commands.synth,
  );
  onPlan(
    root.command('list').description('nodes, one a line').argument('[selectors...]').option('--json', 'as JSON'),
    commands.list,
  );
  onPlan<GraphFlags>(
    root
      .command('graph')
      .description('the graph of nodes')
      .argument('[selectors...]')
      .addOption(new Option('--format <format>', 'output').choices(['mermaid', 'dot']).default('mermaid')),
    commands.graph,
  );
  onPlan(
    root
      .command('diff')
      .description('what differs from the last build')
      .argument('[selectors...]')
      .option('--json', 'as JSON'),
    commands.diff,
  );
  onPlan(
    root
      .command('validate')
      .description('check everything that can be checked without building')
      .argument('[selectors...]'),
    commands.validate,
  );
  onPlan(
    root.command('update').description('move the lock file to what lookups resolve to now').argument('[plan...]'),
    commands.update,
  );

  const onState = (
    command: Command,
    load: () => (io: Io, flags: CommonFlags & Record<string, never>, names: readonly string[]) => Promise<number>,
  ): Command =>
    command
      .option('--state <dir>', 'where state is kept')
      .action(async (names: readonly string[], flags: CommonFlags & Record<string, never>) => {
        status = await load()(app ? { ...io, cwd: app.baseDir } : io, flags, names);
      });
  onState(
    root
      .command('recover')
      .description('find and delete what dead runs left behind')
      .argument('[runs...]', 'also what these runs kept on purpose')
      .option('--search <platform>', 'by tags on a platform, of runs of any machine: amazon-ebs', gather)
      .option('--older-than <time>', 'with --search: how old what other machines made must be (default: 1d)')
      .option('--yes', 'with --search: delete without asking')
      .option('--json', 'as JSON'),
    commands.recover,
  );
  onState(
    root.command('images').description('what was built').argument('[names...]').option('--json', 'as JSON'),
    commands.images,
  );
  onState(
    root
      .command('report')
      .description('one HTML file of a run')
      .argument('[run...]', 'id of the run (default: the last)')
      .option('-o, --output <file>', 'where to write it'),
    commands.report,
  );

  root
    .command('doctor')
    .description('what this machine can build, and what is missing')
    .option('--json', 'as JSON')
    .action(async (flags: CommonFlags) => {
      status = await commands.doctor()(io, flags);
    });
  root
    .command('init')
    .description('write a starter project')
    .argument('[dir]', 'where', '.')
    .action(async (dir: string) => {
      status = await commands.init()(io, dir);
    });

  return (await parse(root, argv, app !== undefined)) ?? status;
}

function base(io: Io): Command {
  return new Command('goldsmith')
    .description('Golden machine images as code')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: (text) => void io.stdout.write(text), writeErr: () => undefined })
    .showSuggestionAfterError();
}

function buildCommand(root: Command, isDefault: boolean): Command {
  const command = root.command('build', { isDefault }).description('build images');
  return withRehearsal(withBuild(command).option('--rehearse', 'build against embedded clouds'));
}

function rehearseCommand(root: Command): Command {
  const command = root.command('rehearse').description('build against embedded clouds: no account is needed');
  return withRehearsal(withBuild(command))
    .option('--serve <cloud>', 'only keep the cloud up for other tools: aws')
    .option('--port <n>', 'port of the server, with --serve (default: any)')
    .option('--any-key', 'let in access keys that the rehearsal did not give, with --serve');
}

function withRehearsal(command: Command): Command {
  return command
    .option('--image <ami=base>', 'what machines of an image start from: minimal, host, folder:DIR, ...', gather, [])
    .option('--speed <n>', 'seconds of the cloud in one of ours, while something is waited for (default: 50)')
    .option('--seed <text>', 'what decides all that is random')
    .option('--trouble <name=share>', 'what goes wrong, and how often: throttling=0.1', gather, [])
    .option(
      '--parameter <name=value>',
      'an SSM parameter that the embedded AWS has, with a value made up for it',
      gather,
      [],
    )
    .option('--secret <name=value>', 'a secret of Secrets Manager that the embedded AWS has, likewise', gather, []);
}

function withBuild(command: Command): Command {
  return command
    .argument('[selectors...]', 'globs over node ids, such as "Web/*"; or a plan.json first')
    .addOption(
      new Option('--on-error <mode>', 'what happens with the machine of a failed build')
        .choices(['cleanup', 'keep', 'ask'])
        .default('cleanup'),
    )
    .option('--parallel <n>', 'how many nodes at once, 0 for no limit', count)
    .option('--pool <name=n>', 'how many nodes of one platform at once', gather, [])
    .option('--force', 'build though nothing changed, and overwrite outputs')
    .option('--no-checkpoints', 'keep no checkpoint after each step')
    .option('--update', 'resolve lookups anew')
    .option('--locked', 'fail where a lookup is not in the lock file')
    .option('--debug', 'wait for Enter before each step')
    .option('--json', 'one event a line')
    .option('--timestamps', 'begin each line with its time')
    .option('--no-report', 'write no HTML report');
}

async function parse(root: Command, argv: readonly string[], hasDefault: boolean): Promise<number | undefined> {
  try {
    if (argv.length === 0 && !hasDefault) root.outputHelp();
    else await root.parseAsync([...argv], { from: 'user' });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    throw new GoldsmithError('BAD_USAGE', error.message.replace(/^error: /, ''), { hint: 'see `goldsmith --help`' });
  }
}

function gather(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function count(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0)
    throw new GoldsmithError(
      'BAD_USAGE',
      `--parallel is ${JSON.stringify(value)}; it takes a whole number, 0 for no limit`,
    );
  return number;
}

/** The command line for the program itself: without `--app`. */
function withoutApp(argv: readonly string[]): string[] {
  return argv.filter(
    (argument, index) => argument !== '--app' && argv[index - 1] !== '--app' && !argument.startsWith('--app='),
  );
}
