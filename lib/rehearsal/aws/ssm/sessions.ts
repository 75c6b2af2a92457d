import * as net from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { JsonCall, JsonHandler } from '../documents';
import { hostOf, type Host } from '../ec2/host';
import { AwsError } from '../errors';
import { mayDo } from '../iam';
import type { Instance } from '../types';
import type { World } from '../world';
import { Agent, AGENT_VERSION } from './agent';

const PATH = '/v1/data-channel/';
/** What an agent asks Systems Manager for before it is known: it is in AmazonSSMManagedInstanceCore. */
const REGISTERS = 'ssm:UpdateInstanceInformation';

const agents = new WeakMap<World, Map<string, Agent>>();

function agentsOf(world: World): Map<string, Agent> {
  const all = agents.get(world) ?? new Map<string, Agent>();
  agents.set(world, all);
  return all;
}

/** Serves a web socket of a session; undefined where the address is of none. */
export function dataChannel(world: World, url: string): ((socket: WebSocket) => void) | undefined {
  const { pathname } = new URL(url, 'http://localhost');
  const agent = pathname.startsWith(PATH)
    ? agentsOf(world).get(decodeURIComponent(pathname.slice(PATH.length)))
    : undefined;
  return agent && ((socket) => agent.serve(socket));
}

/** Whether the agent of an instance is known to Systems Manager. */
function isOnline(world: World, instance: Instance): boolean {
  const { state, profile, account } = instance;
  if (state !== 'running' || profile === undefined) return false;
  return hostOf(world, instance).isUp && mayDo(world, account, profile, REGISTERS);
}

function portOf({ input }: JsonCall): number {
  if (input['DocumentName'] !== 'AWS-StartPortForwardingSession') {
    throw new AwsError('InvalidDocument', `The rehearsal knows only the document AWS-StartPortForwardingSession.`);
  }
  const parameters = input['Parameters'] as Readonly<Record<string, readonly string[]>> | undefined;
  const port = Number(parameters?.['portNumber']?.[0]);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new AwsError('InvalidParameters', 'Parameter portNumber is invalid.');
}

function targetOf({ world, input, account, region }: JsonCall): Instance {
  const id = input['Target'];
  const instance = typeof id === 'string' ? world.instances.find(id) : undefined;
  if (instance && instance.account === account && instance.region === region && isOnline(world, instance)) {
    return instance;
  }
  throw new AwsError('TargetNotConnected', `${String(id)} is not connected.`);
}

async function reach(host: Host, instance: Instance, port: number, stream: Duplex): Promise<void> {
  if (port === 22 && host.enter(stream)) return;
  const socket = net.connect({ host: instance.address, port });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  socket.on('error', () => stream.destroy()).once('close', () => stream.destroy());
  stream.once('close', () => socket.destroy());
  socket.pipe(stream).pipe(socket);
}

function view(call: JsonCall, id: string): object {
  const agent = agentsOf(call.world).get(id);
  if (!agent) return { SessionId: id };
  agent.token = `${call.world.dice.hex(32)}${call.world.dice.hex(32)}`;
  return { SessionId: id, TokenValue: agent.token, StreamUrl: `ws://${call.at}${PATH}${id}?role=publish_subscribe` };
}

/** Session Manager, as far as ports of instances go. */
export const SESSIONS: Readonly<Record<string, JsonHandler>> = {
  StartSession: (call) => {
    const { world, region, now } = call;
    const port = portOf(call);
    const instance = targetOf(call);
    const host = hostOf(world, instance);
    const id = `rehearsal-${world.dice.hex(17)}`;
    const end = (): void => agent.close();
    const agent = new Agent({
      session: id,
      port,
      clock: world.pace.clock,
      reach: (stream) => reach(host, instance, port, stream),
      ended: () => {
        host.downs.delete(end);
        agentsOf(world).delete(id);
        world.inventory.deleted(id, world.pace.now());
      },
    });
    // What restarts knows nothing of the session.
    host.downs.add(end);
    agentsOf(world).set(id, agent);
    const detail = `${instance.id}, port ${port}`;
    world.inventory.created({ cloud: 'aws', kind: 'session', id, region, detail, createdAt: now, lasts: false });
    return view(call, id);
  },
  ResumeSession: (call) => view(call, sessionOf(call)),
  TerminateSession: (call) => {
    const id = sessionOf(call);
    agentsOf(call.world).get(id)?.close();
    return { SessionId: id };
  },
  DescribeInstanceInformation: ({ world, account, region }) => ({
    InstanceInformationList: world.instances
      .of({ account, region })
      .filter((instance) => isOnline(world, instance))
      .map(({ id, address, createdAt }) => ({
        InstanceId: id,
        PingStatus: 'Online',
        LastPingDateTime: world.pace.now() / 1000,
        AgentVersion: AGENT_VERSION,
        IsLatestVersion: true,
        PlatformType: 'Linux',
        ResourceType: 'EC2Instance',
        RegistrationDate: createdAt / 1000,
        IPAddress: address,
      })),
  }),
};

function sessionOf({ input }: JsonCall): string {
  const id = input['SessionId'];
  if (typeof id === 'string' && id !== '') return id;
  throw new AwsError('ValidationException', 'SessionId must not be null');
}
