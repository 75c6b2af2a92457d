import { GoldsmithError } from '../errors';
import type { Communicator } from '../extension/communicator';
import type { ProvisionContext } from '../extension/context';
import { shellQuote } from '../util/quote';
import { Tail } from '../util/tail';
import { environmentOf } from './environment';
import { differs, fits } from './matcher';
import { commandProgram } from './shell-program';
import type { VerificationConfig } from './verification';

type CommandConfig = Exclude<NonNullable<VerificationConfig['commands']>[number], string>;
type FileConfig = NonNullable<VerificationConfig['files']>[number];

/** One check: what it is called, and what is wrong; nothing where all is well. */
interface Outcome {
  readonly name: string;
  readonly wrong: readonly string[];
  readonly output?: string;
}

/** How much of an output or a file is looked at, in characters. */
const MOST = 16 * 1024 * 1024;

/** Runs all checks, also after one failed, and says of each how it went. */
export async function runVerification(
  config: VerificationConfig,
  machine: Communicator,
  ctx: ProvisionContext,
): Promise<void> {
  const environment = environmentOf(config, ctx.variables);
  const run = (command: string): Promise<Run> => runCommand(command, environment, machine, ctx);
  const outcomes: Outcome[] = [];
  for (const entry of config.commands ?? []) {
    outcomes.push(report(await checkCommand(typeof entry === 'string' ? { command: entry } : entry, run), ctx));
  }
  for (const entry of config.files ?? []) outcomes.push(report(await checkFile(entry, run), ctx));

  const failed = outcomes.filter(({ wrong }) => wrong.length > 0);
  if (failed.length === 0) return;
  const list = failed.map(({ name, wrong }) => `${name}: ${wrong.join(', ')}`);
  throw new GoldsmithError(
    'VERIFICATION_FAILED',
    `${failed.length} of ${outcomes.length} checks failed: ${list.join('; ')}`,
    { output: failed.flatMap(({ output }) => output || []).join('\n') || undefined },
  );
}

function report(outcome: Outcome, ctx: ProvisionContext): Outcome {
  const { name, wrong } = outcome;
  ctx.output(wrong.length === 0 ? `ok      ${name}\n` : `failed  ${name}: ${wrong.join(', ')}\n`);
  return outcome;
}

interface Run {
  /** Undefined where it was ended by a signal, or the connection broke. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly tail: string;
}

async function runCommand(
  command: string,
  environment: Readonly<Record<string, string>>,
  machine: Communicator,
  ctx: ProvisionContext,
): Promise<Run> {
  const text = { stdout: '', stderr: '' };
  const tail = new Tail();
  const program = commandProgram(command, environment);
  const result = await machine.exec(program.command, {
    stdin: program.stdin,
    signal: ctx.signal,
    onOutput: (piece, stream) => {
      tail.push(piece);
      if (text[stream].length < MOST) text[stream] += piece;
    },
  });
  return { ...text, code: result.ended === 'exit' ? result.code : undefined, tail: tail.toString() };
}

async function checkCommand(check: CommandConfig, run: (command: string) => Promise<Run>): Promise<Outcome> {
  const { code, stdout, stderr, tail } = await run(check.command);
  const expected = check.exitCode ?? 0;
  const wrong: string[] = [];
  if (code !== expected)
    wrong.push(code === undefined ? 'was ended from outside' : `exit status ${code}, expected ${expected}`);
  if (!fits(check.stdout, stdout)) wrong.push(`standard output ${differs(check.stdout!)}`);
  if (!fits(check.stderr, stderr)) wrong.push(`standard error ${differs(check.stderr!)}`);
  return { name: check.name ?? `\`${check.command.trim()}\``, wrong, output: tail };
}

/** What `stat` of GNU coreutils and of busybox both know: type and permissions, owner, group, by name and by number. */
const FACTS = '%f %U %u %G %g';
const TYPE_BITS = 0o170000;
const TYPES: Readonly<Record<string, number>> = { file: 0o100000, directory: 0o040000, symlink: 0o120000 };

async function checkFile(check: FileConfig, run: (command: string) => Promise<Run>): Promise<Outcome> {
  const path = shellQuote(check.path);
  const link = check.type === 'symlink';
  const followed = await run(
    `stat ${link ? '' : '-L '}-c '${FACTS}' ${path}${check.contains === undefined ? '' : ` && cat ${path}`}`,
  );
  const end = followed.stdout.indexOf('\n');
  const name = `the file ${check.path}`;
  if (end < 0 && check.exists === false) return { name, wrong: [] };
  if (end < 0)
    return {
      name,
      wrong: [followed.code === 127 ? 'cannot be looked at: no `stat` on the machine' : 'is not there'],
      output: followed.tail,
    };
  if (check.exists === false) return { name, wrong: ['is there, but must not be'] };
  const [bits = '', owner, uid, group, gid] = followed.stdout.slice(0, end).split(' ');
  const raw = parseInt(bits, 16);
  const mode = (raw & 0o7777).toString(8).padStart(4, '0');
  const wrong: string[] = [];
  if (check.type !== undefined && (raw & TYPE_BITS) !== TYPES[check.type]) wrong.push(`is no ${check.type}`);
  if (check.mode !== undefined && check.mode.padStart(4, '0') !== mode)
    wrong.push(`has mode ${mode}, expected ${check.mode.padStart(4, '0')}`);
  if (check.owner !== undefined && ![owner, uid].includes(check.owner))
    wrong.push(`belongs to ${owner}, expected ${check.owner}`);
  if (check.group !== undefined && ![group, gid].includes(check.group))
    wrong.push(`has group ${group}, expected ${check.group}`);
  if (!fits(check.contains, followed.stdout.slice(end + 1))) wrong.push(`its content ${differs(check.contains!)}`);
  return { name, wrong };
}
