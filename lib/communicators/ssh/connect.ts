import type { Communicator } from '../../extension/communicator';
import type { RunContext } from '../../extension/context';
import { parseDuration } from '../../util/duration';
import { SshCommunicator } from './communicator';
import { askGuest } from './guest';
import { Line } from './line';
import { openLocalTunnels, openRemoteTunnels } from './tunnels';
import { settingsOf } from './settings';
import { Spares } from './spare';
import type { SshTarget } from './target';

export type { SshTarget } from './target';

/**
 * Connects to a machine by SSH. It tries until a command runs there, as long as that can get better and `timeout` is
 * not over.
 *
 * @throws GoldsmithError CONNECT_FAILED: how far it came, the last error, the address and user tried, what was offered
 */
export async function connectSsh(target: SshTarget, ctx: RunContext): Promise<Communicator> {
  const settings = await settingsOf(target, ctx);
  const line = new Line(settings, ctx);
  const { signal, clock } = ctx;
  openRemoteTunnels(line, target.remoteTunnels ?? []);
  const closing = new AbortController();
  const endings: (() => void)[] = [() => closing.abort(new Error('the connection is closed'))];
  try {
    if (target.pauseBeforeConnecting !== undefined) {
      await line.use(signal);
      line.drop();
      ctx.say(`waiting for ${target.pauseBeforeConnecting} before connecting again`);
      await clock.sleep(parseDuration(target.pauseBeforeConnecting), signal);
    }
    const { address } = await line.use(signal);
    const guest = await askGuest(line, clock, signal);
    const spares = new Spares(guest, clock);
    if (target.pty !== true) spares.prepare(await line.use(signal));
    endings.push(await openLocalTunnels(line, target.localTunnels ?? [], closing.signal));
    return new SshCommunicator({ line, clock, guest, spares }, target, address, endings);
  } catch (error) {
    for (const end of endings) end();
    await line.close();
    throw error;
  }
}
