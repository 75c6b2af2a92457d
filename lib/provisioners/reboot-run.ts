import { GoldsmithError, type ErrorCode } from '../errors';
import type { Communicator } from '../extension/communicator';
import type { ProvisionContext } from '../extension/context';
import { parseDuration } from '../util/duration';
import { withinTime } from '../util/within-time';
import type { RebootConfig } from './reboot';
import { stepFailed } from './step-failed';

const TIMEOUT = '5m';
/** Milliseconds that one look at the machine may take: a connection that is being cut gives no answer at all. */
const LOOK = 20_000;
/** So often in a row it must answer, so long apart: some machines restart twice. */
const STABLE = 3;
const APART = 500;

/** The kernel's (random(4)); elsewhere than on Linux the time of the boot. */
const ASK_UNIX =
  'cat /proc/sys/kernel/random/boot_id 2>/dev/null || sysctl -n kern.boottime; ' +
  'systemctl is-system-running 2>/dev/null || true';
const ASK_WINDOWS =
  'powershell -NoProfile -NonInteractive -Command "(Get-CimInstance Win32_OperatingSystem).LastBootUpTime.ToUniversalTime().Ticks"';

const RESTART_UNIX =
  'if [ "$(id -u)" = 0 ]; then shutdown -r now || reboot; else sudo -n shutdown -r now || sudo -n reboot; fi';
const RESTART_WINDOWS = 'shutdown /r /f /t 0 /c "goldsmith restarts this machine"';

/** What shells make of a command that ends by a signal: the machine is going down. */
const ENDED_BY_SIGNAL = [129, 137, 143];
const AWAY: readonly ErrorCode[] = ['CONNECT_FAILED', 'CONNECTION_LOST'];

/** Restarts the machine. */
export function runReboot(config: RebootConfig, machine: Communicator, ctx: ProvisionContext): Promise<void> {
  return restart(config, machine, ctx);
}

/**
 * Restarts the machine: notes its boot id, asks, waits for another one, and then for a stable shell. `underWay` are exit codes of
 * the command that mean that it is restarting already.
 */
export async function restart(
  config: RebootConfig,
  machine: Communicator,
  ctx: ProvisionContext,
  underWay: readonly number[] = [],
): Promise<void> {
  if (machine.restartable !== true) throw notRestartable(machine);
  const timeout = parseDuration(config.restartTimeout ?? TIMEOUT);
  const before = await ctx.poll('the boot id of the machine', () => look(machine, ctx), { timeout });
  ctx.say('restarting the machine');
  await ask(config, machine, ctx, [...ENDED_BY_SIGNAL, ...underWay]);
  const started = ctx.clock.now();
  const left = (): number => Math.max(1, started + timeout - ctx.clock.now());
  const after = await ctx
    .poll('the machine to be restarted', async () => other(await look(machine, ctx), before.id), { timeout })
    .catch((error: unknown) => {
      throw timedOut(error, config, timeout, before.id);
    });
  await ctx.poll('the machine to be ready', () => ready(config, machine, ctx), { timeout: left() });
  for (let seen = 1, { id } = after; seen < STABLE; seen += 1) {
    await ctx.clock.sleep(APART, ctx.signal);
    const now = await ctx.poll('the machine to stay up', () => look(machine, ctx), { timeout: left() });
    if (now.id !== id) [seen, id] = [0, now.id];
  }
  ctx.say(`the machine is up again after ${Math.round((ctx.clock.now() - started) / 1000)} s`);
}

interface Seen {
  readonly id: string;
  /** Whether it says that it is still starting. */
  readonly starting: boolean;
}

/** Looks at the machine; undefined where it does not answer. */
async function look(machine: Communicator, ctx: ProvisionContext): Promise<Seen | undefined> {
  const command = machine.guest === 'unix' ? ASK_UNIX : ASK_WINDOWS;
  const printed = await answer(machine, command, ctx);
  const [id = '', state = ''] = printed?.split(/\r?\n/) ?? [];
  return id.trim() === '' ? undefined : { id: id.trim(), starting: /^(initializing|starting)/.test(state) };
}

/** What a command prints, in bounded time; undefined where it failed or the machine is away. */
async function answer(machine: Communicator, command: string, ctx: ProvisionContext): Promise<string | undefined> {
  const late = (): GoldsmithError => new GoldsmithError('CONNECTION_LOST', 'the machine does not answer');
  let printed = '';
  const onOutput = (text: string, stream: 'stdout' | 'stderr'): void =>
    void (printed += stream === 'stdout' ? text : '');
  try {
    const result = await withinTime(ctx.clock, LOOK, ctx.signal, late, (signal) =>
      machine.exec(command, { signal, onOutput }),
    );
    return result.ended === 'exit' && result.code === 0 ? printed : undefined;
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (GoldsmithError.is(error) && AWAY.includes(error.code)) return undefined;
    throw error;
  }
}

async function ask(
  config: RebootConfig,
  machine: Communicator,
  ctx: ProvisionContext,
  allowed: readonly number[],
): Promise<void> {
  const command = config.command ?? (machine.guest === 'unix' ? RESTART_UNIX : RESTART_WINDOWS);
  let printed = '';
  try {
    const result = await machine.exec(command, {
      signal: ctx.signal,
      onOutput: (text, stream) => {
        printed += text;
        ctx.output(text, stream);
      },
    });
    if (result.ended === 'exit' && result.code !== 0 && !allowed.includes(result.code))
      throw stepFailed('the command that restarts the machine', result, printed, [0]);
  } catch (error) {
    if (!GoldsmithError.is(error) || !AWAY.includes(error.code)) throw error;
  }
}

function other(seen: Seen | undefined, before: string): Seen | undefined {
  return seen && seen.id !== before ? seen : undefined;
}

async function ready(config: RebootConfig, machine: Communicator, ctx: ProvisionContext): Promise<true | undefined> {
  if (config.checkCommand !== undefined)
    return (await answer(machine, config.checkCommand, ctx)) === undefined ? undefined : true;
  const seen = await look(machine, ctx);
  return seen && !seen.starting ? true : undefined;
}

function timedOut(error: unknown, config: RebootConfig, timeout: number, before: string): unknown {
  if (!GoldsmithError.is(error) || error.code !== 'STEP_TIMEOUT') return error;
  return new GoldsmithError(
    'STEP_TIMEOUT',
    `the machine was asked to restart, but after ${Math.round(timeout / 1000)} s it still has the boot id ${before}, or does not answer`,
    {
      hint:
        config.command === undefined
          ? 'raise `restartTimeout`'
          : 'does `command` restart it? else raise `restartTimeout`',
      cause: error,
    },
  );
}

function notRestartable(machine: Communicator): GoldsmithError {
  const how = machine.facts['ConnType'] ?? 'this communicator';
  return new GoldsmithError(
    'STEP_FAILED',
    `there is no machine here that can be restarted: the connection is \`${how}\``,
    {
      hint: 'a container has no boot of its own; leave the step out with `except`, or build on a platform with machines',
    },
  );
}
