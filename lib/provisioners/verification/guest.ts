import type { CheckResult } from '../../extension/check';
import type { Communicator } from '../../extension/communicator';
import type { ProvisionContext } from '../../extension/context';
import { Tail } from '../../util/tail';
import { commandProgram } from '../shell-program';

/** How much of an output or a file is looked at, in characters. */
const MOST = 16 * 1024 * 1024;

const BECOME_ROOT = `if [ "$(id -u 2>/dev/null)" != 0 ] && sudo -n true 2>/dev/null; then set -- sudo -n; fi
exec "$@" /bin/sh -c "$GS_SCRIPT"`;

/** How a command on the machine ended. */
export interface Run {
  /** Undefined where it was ended by a signal, or the connection broke. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** The last lines of both. */
  readonly tail: string;
}

/** The machine that is looked at. */
export class Guest {
  constructor(
    readonly machine: Communicator,
    readonly ctx: ProvisionContext,
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  /** Runs a command line as the login user. It may read secrets: it shows in no list of processes. */
  async run(command: string, environment = this.environment): Promise<Run> {
    const text = { stdout: '', stderr: '' };
    const tail = new Tail();
    const program = commandProgram(command, environment);
    const result = await this.machine.exec(program.command, {
      stdin: program.stdin,
      signal: this.ctx.signal,
      onOutput: (piece, stream) => {
        tail.push(piece);
        if (text[stream].length < MOST) text[stream] += piece;
      },
    });
    return { ...text, code: result.ended === 'exit' ? result.code : undefined, tail: tail.toString() };
  }

  /** Runs a script as root where the login user is root or becomes it by sudo; else as the login user. It begins with a line `uid N`. */
  async runAsRoot(script: string): Promise<Run & { readonly isRoot: boolean }> {
    const body = `PATH=$PATH:/usr/sbin:/sbin\necho "uid $(id -u 2>/dev/null)"\n${script}`;
    // The script goes in by the environment: it is no secret, and needs no file.
    const run = await this.run(BECOME_ROOT, { GS_SCRIPT: body });
    return { ...run, isRoot: run.stdout.startsWith('uid 0\n') };
  }
}

/** The result of a check: failed where anything is wrong. */
export function resultOf(name: string, wrong: readonly string[], output?: string): CheckResult {
  const shown = wrong.length > 0 && output !== undefined && output !== '' ? { output } : {};
  return { name, state: wrong.length > 0 ? 'failed' : 'passed', wrong, ...shown };
}
