import * as fs from 'node:fs';
import * as path from 'node:path';
import { ERROR_CODES, type ErrorCode } from '../../lib/errors';

/** What to do about an error, beyond what the error itself says. A code without advice does not compile. */
const ADVICE: Readonly<Record<ErrorCode, string>> = {
  INVALID_PROPS:
    'The message names the prop, what was given and what is allowed. Your editor shows the same while you type.',
  INVALID_PROGRAM: 'Look at the problems in the list; repair the first one first, others may follow from it.',
  DUPLICATE_ID: 'Give one of the two another id. In a loop, make the id from what the loop runs over.',
  NO_SOURCE: 'Add a source before another image takes it by `from`.',
  MISSING_ASSET:
    'Paths start from the folder of the program. A file that comes into being during the run needs `generated: true`.',
  DEPENDENCY_CYCLE: 'The message shows the way around. Remove one `from`, output or `addDependency` on it.',
  DUPLICATE_ARTIFACT: 'Put `build.source` or `build.name` into the name, or give each its own.',
  BASE_MISMATCH: 'The other image needs a build on the same platform that keeps its artifact.',
  UNKNOWN_SELECTOR: '`goldsmith list` shows all paths. In a shell, quote selectors that have a `*`.',
  INCOMPATIBLE_INPUT: 'Change what the source captures, or narrow the post-processor with `only`.',
  LATE_VALUE_AS_TEXT:
    'Join it with the tag `text`, as in `` text`…${value}…` ``: without the tag no string can hold it.',
  UNKNOWN_VARIABLE: 'Look at the spelling in `--var`, the variable file and `GOLDSMITH_VAR_…`, or declare it.',
  MISSING_VARIABLE: 'Give a value, or a `default`.',
  INVALID_VARIABLE: 'The message says what is allowed.',
  VALIDATION_FAILED: 'The rule comes from your program or a library: an aspect, `Annotations` or `node.addValidation`.',
  INVALID_PLAN: 'Make it anew with `goldsmith synth`. Plans are not meant to be edited.',
  PLAN_VERSION: 'Run it with the goldsmith that wrote it, or make it anew.',
  MODULE_NOT_FOUND: 'Install the package in the project in which the plan is run.',
  MISSING_DEPENDENCY: 'The hint has the command that installs it.',
  BAD_USAGE: '`goldsmith --help` and `goldsmith build --help` list what there is.',
  SECRET_UNAVAILABLE: 'Set it where the build runs; the plan has only the reference.',
  LOOKUP_FAILED: 'Look at the name, and at the login where it is a private one.',
  LOCKED: 'Build once without `--locked`, or `goldsmith update`, and commit the lock file.',
  PREFLIGHT_FAILED: 'Nothing was created. Each problem says what to change.',
  LAUNCH_FAILED: "The message has the platform's own words.",
  CONNECT_FAILED: 'The message says how far the connection came.',
  CONNECTION_LOST: 'A step that restarts the machine needs `expectDisconnect: true`.',
  MACHINE_LOST: 'What it said last is shown: its emulator crashed, or the guest shut itself down.',
  STEP_FAILED: 'The exit status and the last lines are with it. `--on-error keep` lets you look into the machine.',
  STEP_TIMEOUT: 'Raise `timeout`, or find out what it waits for: a question on standard input is a usual reason.',
  TRANSFER_FAILED: 'The folder must exist and be writable for the login user.',
  CAPTURE_FAILED: "The message has the platform's own words.",
  VERIFICATION_FAILED:
    'All checks that failed are listed. What failed is not published, and goes no further; it is kept for a look.',
  PROCESS_FAILED: 'The artifact that it took is there; after the repair only the post-processor runs again.',
  OUTPUT_EXISTS: 'Move the file away, name another, or use `--force`.',
  PLATFORM_UNAVAILABLE: '`goldsmith doctor` says what is missing.',
  ACCESS_DENIED: 'Log in (`docker login`), or give the credentials as a `Secret`.',
  NOT_FOUND: 'Look at the spelling; the message shows what there is.',
  NO_SPACE: 'Free some, and run it again: what was finished is kept.',
  READ_ONLY: 'Use a state folder that can be written: `--state DIR`.',
  STATE_DAMAGED: 'Restore the file, or delete it: all that is in the state folder can be made again.',
  RUN_BUSY: 'Wait for the other run, or stop it.',
  LEAKED: 'See that the platform answers, then `goldsmith recover`.',
  CANCELLED: 'Run it again: it goes on from the last checkpoint.',
  INTERNAL: 'Please report it, with the output of `GOLDSMITH_DEBUG=1`.',
};

const HEADINGS: Readonly<Record<string, string>> = {
  'the program, at construction and synth': 'In the program',
  'the plan': 'In the plan',
  'the run': 'In a run',
};

/** The text of docs/errors.md: from the table in lib/errors.ts, in its order and under its headings. */
export function errorsPage(): string {
  const sections = groups().map(([heading, codes]) => {
    const rows = codes.map((code) => [`\`${code}\``, sentence(ERROR_CODES[code]), ADVICE[code]]);
    return `## ${heading}\n\n${table([['Code', 'Means', 'What to do'], ...rows])}`;
  });
  return [INTRO, ...sections].join('\n');
}

const INTRO = `# Errors

Every error has a code. Codes are public and never renamed, so scripts may rely on them: \`GoldsmithError.code\`, the field
\`error.code\` of [events](events.md), and \`error[CODE]\` on the terminal. An error also has the path of the construct, the line of your
program that made it, and a hint.

All problems of one phase come together: \`GoldsmithError.problems\` has them all. What is wrong with the program ends with exit status 2
before anything is built, what goes wrong in a build with 1. [All exit statuses](cli.md#exit-status)

This page is generated from \`lib/errors.ts\`.
`;

/** Codes by the comments above them: the table has them in groups. */
function groups(): [string, ErrorCode[]][] {
  const source = fs.readFileSync(path.join(__dirname, '../../lib/errors.ts'), 'utf8');
  const found: [string, ErrorCode[]][] = [];
  for (const [, comment, code] of source.matchAll(/^ {2}(?:\/\/ (.+)|([A-Z_]+): '.*)$/gm)) {
    if (comment !== undefined) found.push([HEADINGS[comment] ?? comment, []]);
    else if (code !== undefined && Object.hasOwn(ERROR_CODES, code)) found.at(-1)![1].push(code as ErrorCode);
  }
  return found;
}

function sentence(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}

/** A table as prettier lays it out. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`);
  return [lines[0], `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...lines.slice(1), ''].join('\n');
}
