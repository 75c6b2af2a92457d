import { randomBytes } from 'node:crypto';
import { GoldsmithError } from '../errors';
import { shellQuote } from '../util/quote';

/** A command line that holds nothing secret, and what it reads. */
export interface Program {
  readonly command: string;
  readonly stdin: Uint8Array;
}

/** What {@link scriptProgram} runs. */
export interface ScriptRun {
  /** The script as it shall lie on the machine. */
  readonly script: Uint8Array;
  /** Where it shall lie while it runs. */
  readonly path: string;
  /** Its environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether the path is one that nobody can guess: then a file that lies there already is not ours. */
  readonly freshPath?: boolean;
  /** Leaves the script where it lies. */
  readonly keep?: boolean;
  /** A command line that runs the script in place of the direct way; `environment` is then not exported. */
  readonly execute?: {
    readonly command: string;
    readonly envFile?: { readonly path: string; readonly content: string };
  };
}

/** Exit status of a program that could not put its script in place. */
export const NOT_PLACED = 253;

/**
 * Runs a script in one round trip. The command line is a fixed frame: everything that differs comes in on standard
 * input, so that neither the environment nor the script shows in a list of processes. First sections of lines, each ended
 * by a mark, then the script's bytes to the end. The frame's own variables start with `gs_`, since one that the machine
 * happens to export would show in the script's environment.
 *
 * The script has an empty standard input. It is run by the interpreter that its first line names, rather than by its
 * path: /tmp may be mounted noexec, as hardening guides ask (CIS Benchmarks for Linux, "noexec option set on /tmp partition").
 */
export function scriptProgram(run: ScriptRun): Program {
  const mark = newMark();
  const { execute } = run;
  const envFile = execute?.envFile;
  const files = envFile ? '"$gs_f" "$gs_w"' : '"$gs_f"';
  const sections = [execute?.command ?? exportsOf(run.environment)];
  if (envFile) sections.push(envFile.content);
  const lines = [
    `gs_f=${shellQuote(run.path)}`,
    `trap 'rm -f ${files}; exit 143' HUP INT TERM`,
    readSection(mark, 'gs_e'),
    ...(envFile ? [readSection(mark, 'gs_v'), `gs_w=${shellQuote(envFile.path)}`] : []),
    ...(envFile ? [place('gs_w', 'rm -f "$gs_w"', 'printf %s "$gs_v"')] : []),
    place('gs_f', run.freshPath === true ? 'set -C' : 'rm -f "$gs_f"', 'cat'),
    ...(execute
      ? ['chmod 0755 "$gs_f"', '( eval "$gs_e" ) </dev/null']
      : [`( eval "$gs_e"; ${direct(run.script)} ) </dev/null`]),
    'gs_s=$?',
    ...(run.keep === true ? [] : [`rm -f ${files}`]),
    'exit $gs_s',
  ];
  const head = sections
    .map((section) => `${section}${section === '' || section.endsWith('\n') ? '' : '\n'}${mark}\n`)
    .join('');
  return { command: lines.join('\n'), stdin: Buffer.concat([Buffer.from(head), run.script]) };
}

/** Runs a command line that shows in no list of processes, and leaves no file on the machine. Standard input is empty. */
export function commandProgram(command: string, environment: Readonly<Record<string, string>>): Program {
  const mark = newMark();
  const frame = [readSection(mark, 'gs_e'), 'gs_c=$(cat)', '( eval "$gs_e"; eval "$gs_c" ) </dev/null'];
  return { command: frame.join('\n'), stdin: Buffer.from(`${exportsOf(environment)}${mark}\n${command}\n`) };
}

/** A name that nobody can guess, in a folder that others may write to. */
export function freshName(): string {
  return `goldsmith-${randomBytes(8).toString('hex')}`;
}

function newMark(): string {
  return `--${randomBytes(12).toString('hex')}`;
}

function exportsOf(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}=${shellQuote(value)}\n`)
    .join('');
}

/** `read` takes byte by byte from a pipe (POSIX wants it so), hence what follows the mark is left for the next reader. */
function readSection(mark: string, name: string): string {
  return `${name}=; while IFS= read -r gs_l && [ "$gs_l" != ${mark} ]; do ${name}="$${name}$gs_l\n"; done`;
}

/** Writes a file by a command, in a subshell whose umask and options are its own. */
function place(variable: string, prepare: string, write: string): string {
  const failed = `{ echo "goldsmith could not write $${variable}" >&2; exit ${NOT_PLACED}; }`;
  return `( umask 077; ${prepare}; ${write} >"$${variable}" ) || ${failed}`;
}

function direct(script: Uint8Array): string {
  const interpreter = interpreterOf(script);
  if (interpreter) return `exec ${interpreter.map(shellQuote).join(' ')} "$gs_f"`;
  return isBinary(script) ? 'chmod 0700 "$gs_f" && exec "$gs_f"' : 'exec /bin/sh "$gs_f"';
}

/** Program and, as one word, argument of a script's first line: what the kernel makes of it (execve(2)). */
export function interpreterOf(script: Uint8Array): readonly string[] | undefined {
  const text = Buffer.from(script.subarray(0, 1024)).toString('utf8');
  const line = /^#![ \t]*([^\n]*)/.exec(text)?.[1]?.trimEnd();
  if (line === undefined) return undefined;
  const [, file, argument] = /^(\S+)(?:[ \t]+(.*))?$/.exec(line) ?? [];
  if (file === undefined)
    throw new GoldsmithError('STEP_FAILED', 'the first line of the script is `#!` without a program');
  return argument === undefined ? [file] : [file, argument];
}

/** Whether a script without a first line that names a program is one that the kernel itself runs. */
export function isBinary(script: Uint8Array): boolean {
  return script.subarray(0, 1024).includes(0);
}
