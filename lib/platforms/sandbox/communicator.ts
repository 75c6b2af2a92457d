import { GoldsmithError } from '../../errors';
import type { Communicator, ExecOptions, ExecResult } from '../../extension/communicator';
import type { RunContext } from '../../extension/context';
import { environmentOf, type RunConfig } from '../../oci/run-config';
import { downloadDirectory, downloadFile, uploadDirectory, uploadFile, type InRoot } from '../../host/in-root';
import { shellQuote } from '../../util/quote';
import { runProcess } from '../../util/spawn';
import type { Init } from './machine/init';
import type { SandboxMachine } from './machine/machine';
import { readTool } from './machine/run';
import { toolCommand, toolFunction } from './machine/toolbox';
import { userOf, type User } from './machine/users';

/** What a shell finds programs with where the image says nothing: Docker's default. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const ROOT: User = { uid: 0, gid: 0, groups: [], home: '/root' };

/** A connection to a machine: commands are started right in its namespaces. */
export function connectTo(machine: SandboxMachine, run: RunConfig, ctx: RunContext): Communicator {
  const of = (signal: AbortSignal): RunContext => ({ ...ctx, signal });
  const root = rootOf(machine);
  return {
    guest: 'unix',
    facts: { User: 'root', Host: 'localhost' },
    ...mainOf(run),
    exec: (command, options) => execIn(machine, run, command, options, of(options.signal)),
    uploadFile: (local, remote, options) => uploadFile(root, local, remote, options, of(options.signal)),
    uploadDirectory: (local, remote, options) => uploadDirectory(root, local, remote, options, of(options.signal)),
    downloadFile: (remote, local, options) => downloadFile(root, remote, local, options, of(options.signal)),
    downloadDirectory: (remote, local, options) => downloadDirectory(root, remote, local, options, of(options.signal)),
    close: () => Promise.resolve(),
  };
}

/** Files go through the toolbox's programs, as the machine's root. */
function rootOf(machine: SandboxMachine): InRoot {
  return {
    async *shell(text, args, ctx, input) {
      const init = await machine.start(ctx);
      const shell = [...toolCommand(machine.toolbox, 'sh'), '-c', `${toolFunction(machine.toolbox)}${text}`, 'sh'];
      yield* readTool(machine.inside(init, [...shell, ...args], ctx), ctx, input ? { input } : {});
    },
  };
}

/** What the image runs. */
function mainOf({ Entrypoint, Cmd, User: user = '' }: RunConfig): Pick<Communicator, 'main'> {
  const argv = [...(Entrypoint ?? []), ...(Cmd ?? [])];
  if (argv.length === 0) return {};
  return { main: { argv, ...(user !== '' && { user }) } };
}

async function execIn(
  machine: SandboxMachine,
  run: RunConfig,
  command: string,
  options: ExecOptions,
  ctx: RunContext,
): Promise<ExecResult> {
  const { init, file, args, env } = await commandIn(machine, run, command, options.user, ctx);
  const end = await runProcess(file, args, {
    env,
    signal: options.signal,
    clock: ctx.clock,
    ...(options.stdin !== undefined && { stdin: options.stdin }),
    ...(options.onOutput && { onOutput: options.onOutput }),
  });
  if ('code' in end) return { ended: 'exit', code: end.code };
  // The kernel ends a machine's first process only after all others: for a moment it still looks alive.
  for (let wait = 5; end.signal === 'SIGKILL' && wait < 320 && init.alive(); wait *= 2) await ctx.clock.sleep(wait);
  return init.alive() ? { ended: 'signal', signal: end.signal } : { ended: 'disconnect' };
}

/** A command of this machine that runs a shell command in a sandbox. */
export interface Started {
  readonly init: Init;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The command of this machine that runs a shell command in a sandbox, which is started unless it runs. */
export async function commandIn(
  machine: SandboxMachine,
  run: RunConfig,
  command: string,
  login: string | undefined,
  ctx: RunContext,
): Promise<Started> {
  const init = await machine.start(ctx);
  const user = login === undefined ? ROOT : await userOf(machine, login, ctx);
  const shell = ['/bin/sh', '-c', inFolder(command, run.WorkingDir)];
  const [file, ...args] = machine.inside(init, shell, ctx, switchTo(user, machine));
  return { init, file: file!, args, env: { PATH, HOME: user.home, ...environmentOf(run) } };
}

/** As in Docker, commands start in the folder that the image names. */
function inFolder(command: string, folder: string | undefined): string {
  return folder === undefined || folder === '' || folder === '/'
    ? command
    : `cd ${shellQuote(folder)} 2>/dev/null || cd /\n${command}`;
}

function switchTo(user: User, machine: SandboxMachine): string[] {
  if (user === ROOT) return [];
  if (machine.ability.privilege.mode === 'single' && user.uid !== 0) {
    throw new GoldsmithError(
      'STEP_FAILED',
      'a command is to run as another user than root, and this sandbox has but one',
      {
        hint: "give this machine's user ranges in /etc/subuid and /etc/subgid, or run as root",
      },
    );
  }
  const groups = user.groups.length > 0 ? ['--groups', user.groups.join(',')] : [];
  return ['--reuid', String(user.uid), '--regid', String(user.gid), ...groups];
}
