import { GoldsmithError } from '../errors';
import type { Communicator, ExecResult } from '../extension/communicator';
import type { ProvisionContext } from '../extension/context';
import { powershellProgram, type PowershellStart } from '../util/powershell';
import { shellQuote } from '../util/quote';
import type { Tail } from '../util/tail';
import { withinTime } from '../util/within-time';
import { elevatedProgram, removeTask } from './elevated';
import { freshName } from './shell-program';

/** How a script of PowerShell runs. */
export interface PowershellRun {
  /** @default 'powershell' */
  readonly program?: string | undefined;
  /** @default 'bypass' */
  readonly executionPolicy?: string | undefined;
  /** Who runs it, by a scheduled task. @default - the login user */
  readonly elevated?: { readonly user: string; readonly password: string | undefined } | undefined;
  /** A file that the script removes in the end: where it comes to none, it is removed from here. */
  readonly leaves?: string | undefined;
}

/** Milliseconds that cleaning up after a failure may take: the machine may be gone. */
const CLEANUP = 10_000;

/** Runs a script in one round trip; what it prints is shown, and its end kept. */
export async function execPowershell(
  script: string,
  { program = 'powershell', executionPolicy = 'bypass', elevated, leaves }: PowershellRun,
  machine: Communicator,
  ctx: ProvisionContext,
  output: Tail,
): Promise<ExecResult> {
  const onOutput = (text: string, stream: 'stdout' | 'stderr'): void => {
    output.push(text);
    ctx.output(text, stream);
  };
  const run = (text: string, start: PowershellStart, undo: readonly string[]): Promise<ExecResult> => {
    const { command, stdin } = powershellProgram(text, start);
    const all = [...undo, ...(leaves === undefined ? [] : [removeFile(leaves, machine)])];
    return orClean(() => machine.exec(command, { signal: ctx.signal, stdin, onOutput }), all, machine, ctx);
  };
  if (!elevated) return run(script, { program, executionPolicy }, []);
  if (machine.guest !== 'windows')
    throw new GoldsmithError(
      'STEP_FAILED',
      '`elevatedUser` needs the task scheduler of Windows, but the machine runs unix',
      { hint: 'leave it out, and use sudo in the script' },
    );
  const name = freshName();
  const password = elevated.password === '' ? undefined : elevated.password;
  const task = elevatedProgram({ name, script, user: elevated.user, password, program, executionPolicy });
  return run(task, {}, removeTask(name));
}

/** A command line that removes a file. */
function removeFile(file: string, { guest }: Communicator): string {
  return guest === 'windows' ? `del /q "${file.replaceAll('/', '\\')}"` : `rm -f ${shellQuote(file)}`;
}

/** Where a command was cut off, cleans up; as well as it can, also of a run that is cancelled: a task outlives its connection. */
async function orClean(
  exec: () => Promise<ExecResult>,
  undo: readonly string[],
  machine: Communicator,
  ctx: ProvisionContext,
): Promise<ExecResult> {
  const clean = async (): Promise<void> => {
    if (undo.length === 0) return;
    const late = (): Error => new Error('it took too long');
    const line = undo.join(machine.guest === 'windows' ? ' & ' : '; ');
    await withinTime(ctx.clock, CLEANUP, new AbortController().signal, late, (signal) =>
      machine.exec(line, { signal }),
    ).catch(() => undefined);
  };
  try {
    const result = await exec();
    if (result.ended !== 'exit') await clean();
    return result;
  } catch (error) {
    // Then nothing was started.
    if (!GoldsmithError.is(error) || error.code !== 'CONNECT_FAILED') await clean();
    throw error;
  }
}
