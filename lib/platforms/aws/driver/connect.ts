import type { Instance } from '@aws-sdk/client-ec2';
import { noCommunicator } from '../../../communicators/none';
import type { Communicator } from '../../../extension/communicator';
import type { ResourceContext, Trust } from '../../../extension/context';
import { parseDuration } from '../../../util/duration';
import type { Api } from '../api/api';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { dataOf, type Launched } from './launch';
import { isOver, lost } from './lost';
import { portOf } from './network';
import { windowsPassword } from './windows';

/** Whom one logs in as on Amazon's own images. */
export const DEFAULT_USER = 'ec2-user';

/** Connects to the instance as soon as it has an address and answers. */
export async function connect(
  api: Api,
  { machine, keys, instance }: Launched,
  config: AmazonEbsConfig,
  ctx: ResourceContext,
): Promise<Communicator> {
  const { communicator } = config;
  if (communicator === 'none') return noCommunicator();
  const { id } = dataOf(machine);
  const port = portOf(config)!;
  const known = pick(instance, config.sshInterface, config.associatePublicIpAddress === false);
  const host = communicator?.host ?? known ?? (await addressOf(api, id, config, ctx));
  const console = (): Promise<string | undefined> => consoleOf(api, id);
  if (communicator?.type === 'winrm') {
    const { connectWinrm } =
      require('../../../communicators/winrm/connect') as typeof import('../../../communicators/winrm/connect');
    const password = communicator.password ?? (await windowsPassword(api, id, config, keys, ctx));
    const { type: _type, ...rest } = communicator;
    const username = communicator.username ?? 'Administrator';
    return connectWinrm({ ...rest, host, port, username, password, authMayComeLate: true, console }, ctx);
  }
  const { connectSsh } =
    require('../../../communicators/ssh/connect') as typeof import('../../../communicators/ssh/connect');
  const { type: _type, hostKey, username = DEFAULT_USER, ...rest } = communicator ?? { type: 'ssh' as const };
  const usesTrust = hostKey === undefined && keys.host === undefined;
  return connectSsh(
    {
      ...rest,
      host,
      port,
      username,
      privateKey: keys.user?.privateKey,
      ...(keys.host && { pinnedHostKeys: [keys.host.publicKey] }),
      hostKey: hostKey ?? (keys.host ? 'pinned' : 'first-use'),
      authMayComeLate: true,
      console,
    },
    // Addresses are given to others afterwards: what this machine showed says nothing of the next one there.
    usesTrust ? { ...ctx, trust: ofThisMachine() } : ctx,
  );
}

/** The first key that the machine shows is the one that it must show from then on. */
function ofThisMachine(): Trust {
  const known = new Map<string, string>();
  return {
    recorded: (subject) => Promise.resolve(known.get(subject)),
    record: (subject, value) => {
      if (!known.has(subject)) known.set(subject, value);
      return Promise.resolve(known.get(subject)!);
    },
  };
}

/** The address that is connected to, when it is there. */
function addressOf(api: Api, id: string, config: AmazonEbsConfig, ctx: ResourceContext): Promise<string> {
  const { sshInterface } = config;
  const from = ctx.clock.now();
  return api.poller.until({
    kind: 'instance',
    id,
    what: `the address (${sshInterface ?? 'public or private'}) of ${id}`,
    usually: 0,
    timeout: parseDuration(config.addressTimeout ?? '5m'),
    signal: ctx.signal,
    done: (instance) => {
      if (isOver(instance)) throw lost(instance);
      // A public address comes with the instance or not at all, but may be seen a moment later.
      const patience = ctx.clock.now() - from > 3_000 || config.associatePublicIpAddress === false;
      return pick(instance, sshInterface, patience);
    },
  });
}

function pick(instance: Instance, wanted: AmazonEbsConfig['sshInterface'], orPrivate: boolean): string | undefined {
  const text = (value: string | undefined): string | undefined => (value === '' ? undefined : value);
  switch (wanted) {
    case 'public_ip':
      return text(instance.PublicIpAddress);
    case 'private_ip':
      return text(instance.PrivateIpAddress);
    case 'public_dns':
      return text(instance.PublicDnsName);
    case 'private_dns':
      return text(instance.PrivateDnsName);
    case 'ipv6':
      return text(instance.Ipv6Address ?? instance.NetworkInterfaces?.[0]?.Ipv6Addresses?.[0]?.Ipv6Address);
    case undefined:
      return text(instance.PublicIpAddress) ?? (orPrivate ? text(instance.PrivateIpAddress) : undefined);
  }
}

async function consoleOf(api: Api, id: string): Promise<string | undefined> {
  const { Output } = await api.call('ec2:GetConsoleOutput', { InstanceId: id });
  return Output === undefined ? undefined : Buffer.from(Output, 'base64').toString('utf8');
}
