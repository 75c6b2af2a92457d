import { noCommunicator } from '../../../communicators/none';
import { publicKeyOf } from '../../../communicators/ssh/credentials';
import type { Communicator } from '../../../extension/communicator';
import type { ResourceContext, Trust } from '../../../extension/context';
import type { Api } from '../api/api';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { lendsKey } from './instance-access';
import { dataOf, type Launched } from './launch';
import { keyLender } from './lent-key';
import { wayTo } from './way';
import { windowsPassword } from './windows';

/** Whom one logs in as on Amazon's own images. */
export const DEFAULT_USER = 'ec2-user';

/** Connects to the instance as soon as it has an address and answers. */
export async function connect(
  api: Api,
  launched: Launched,
  config: AmazonEbsConfig,
  ctx: ResourceContext,
): Promise<Communicator> {
  const { communicator } = config;
  if (communicator === 'none') return noCommunicator();
  const { machine, keys, instance } = launched;
  const { id } = dataOf(machine);
  const console = (): Promise<string | undefined> => consoleOf(api, id);
  const way = await wayTo(api, launched, config, ctx);
  if (communicator?.type === 'winrm') {
    const { connectWinrm } =
      require('../../../communicators/winrm/connect') as typeof import('../../../communicators/winrm/connect');
    const password = communicator.password ?? (await windowsPassword(api, id, config, keys, ctx));
    const { type: _type, ...rest } = communicator;
    const username = communicator.username ?? 'Administrator';
    return connectWinrm({ ...rest, ...way, username, password, authMayComeLate: true, console }, ctx);
  }
  const { connectSsh } =
    require('../../../communicators/ssh/connect') as typeof import('../../../communicators/ssh/connect');
  const { type: _type, hostKey, username = DEFAULT_USER, ...rest } = communicator ?? { type: 'ssh' as const };
  const publicKey = lendsKey(config) ? (keys.user?.publicKey ?? (await publicKeyOf(rest, ctx))) : undefined;
  const lend = publicKey === undefined ? undefined : keyLender(api, instance, username, publicKey, ctx);
  const lent = async (): Promise<{ readonly host: string; readonly port: number }> => {
    await lend?.();
    return way;
  };
  const usesTrust = hostKey === undefined && keys.host === undefined;
  return connectSsh(
    {
      ...rest,
      ...way,
      ...(lend && { resolve: lent }),
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

async function consoleOf(api: Api, id: string): Promise<string | undefined> {
  const { Output } = await api.call('ec2:GetConsoleOutput', { InstanceId: id });
  return Output === undefined ? undefined : Buffer.from(Output, 'base64').toString('utf8');
}
