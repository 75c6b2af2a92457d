import type { ResourceContext } from '../../../extension/context';
import type { AgentStream } from '../../../communicators/session-manager/agent-stream';
import { parseDuration } from '../../../util/duration';
import type { Api } from '../api/api';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { addressOf } from './address';
import { endpointDial } from './connect-endpoint';
import { usesSession } from './instance-access';
import type { Launched } from './launch';
import { throwIfLost } from './lost';
import { portOf } from './network';
import { PortSessions } from './session-manager';

/** How the instance's port is connected to. */
export interface Way {
  readonly host: string;
  readonly port: number;
  /** Where no address leads there. */
  readonly dial?: (signal: AbortSignal) => Promise<AgentStream>;
}

/** As long as a machine may take to answer by SSH, where nothing else is said. */
const ANSWERS = '5m';

/** Finds the way to the instance: its address, an endpoint, or a session that is opened when its agent is there. */
export async function wayTo(api: Api, launched: Launched, config: AmazonEbsConfig, ctx: ResourceContext): Promise<Way> {
  const { instance } = launched;
  const id = instance.InstanceId!;
  const port = portOf(config)!;
  const given = typeof config.communicator === 'object' ? config.communicator : undefined;
  if (usesSession(config)) {
    const sessions = new PortSessions(api, id, port, ctx);
    launched.through = sessions;
    if (config.pauseBeforeSsm !== undefined) await ctx.clock.sleep(parseDuration(config.pauseBeforeSsm), ctx.signal);
    await sessions.ready(parseDuration(given?.timeout ?? ANSWERS), () => throwIfLost(api, id, ctx));
    const { sessionManagerPort: wanted } = config;
    const isWinrm = given?.type === 'winrm';
    const local = isWinrm || wanted !== undefined ? await sessions.listen(wanted ?? 0) : undefined;
    if (local !== undefined) launched.reached = { Host: '127.0.0.1', Port: String(local) };
    if (local !== undefined) ctx.say(`127.0.0.1:${local} leads to port ${port} of ${id}`);
    return isWinrm ? { host: '127.0.0.1', port: local! } : { host: id, port, dial: (signal) => sessions.dial(signal) };
  }
  if (config.instanceConnectEndpointId !== undefined) {
    const dial = await endpointDial(api, config.instanceConnectEndpointId, instance, port, ctx);
    return { host: id, port, dial };
  }
  return { host: given?.host ?? (await addressOf(api, instance, config, ctx)), port };
}
