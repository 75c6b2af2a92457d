import { GoldsmithError } from '../../errors';
import type { Communicator } from '../../extension/communicator';
import type { RunContext } from '../../extension/context';
import { parseDuration } from '../../util/duration';
import { Tail } from '../../util/tail';
import { WinrmCommunicator } from './communicator';
import { Line } from './line';
import { runCommand } from './run';
import { settingsOf } from './settings';
import type { WinrmTarget } from './target';

export type { WinrmTarget } from './target';

/**
 * Connects to a Windows machine by WinRM. It tries until a command runs there, as long as that can get better and `timeout` is
 * not over.
 *
 * @throws GoldsmithError CONNECT_FAILED: how far it came, the last error, the address and user tried
 */
export async function connectWinrm(target: WinrmTarget, ctx: RunContext): Promise<Communicator> {
  const line = new Line(await settingsOf(target, ctx), ctx);
  try {
    if (target.pauseBeforeConnecting !== undefined) {
      line.giveBack(await line.shell(ctx.signal));
      line.drop();
      ctx.say(`waiting for ${target.pauseBeforeConnecting} before connecting again`);
      await ctx.clock.sleep(parseDuration(target.pauseBeforeConnecting), ctx.signal);
    }
    await ctx.poll('a first command to run', () => firstCommand(line, ctx), { timeout: line.settings.timeout });
    const { host } = target;
    return new WinrmCommunicator(line, line.reached?.address ?? { host, port: line.settings.port });
  } catch (error) {
    await line.close();
    throw error;
  }
}

/** A machine that is just being set up lets in, and restarts: so a command must have run. Undefined: the connection broke off. */
async function firstCommand(line: Line, ctx: RunContext): Promise<true | undefined> {
  const printed = new Tail();
  const onData = (data: Buffer): void => printed.push(data.toString('utf8'));
  const result = await runCommand(line, { command: 'echo goldsmith %OS%', signal: ctx.signal, onData });
  if (result.ended === 'disconnect') return undefined;
  if (printed.toString().includes('goldsmith Windows_NT')) return true;
  throw new GoldsmithError('CONNECT_FAILED', 'the machine lets us log in, but does not run commands as Windows does', {
    output: printed.toString() || undefined,
  });
}
