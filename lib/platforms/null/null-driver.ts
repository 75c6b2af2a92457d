import type { WinrmTarget } from '../../communicators/winrm/target';
import type { SshTarget } from '../../communicators/ssh/target';
import { toProblem, type Problem } from '../../errors';
import { localCommunicator } from '../../communicators/local';
import { noCommunicator } from '../../communicators/none';
import type { Communicator } from '../../extension/communicator';
import type { ResourceContext, RunContext } from '../../extension/context';
import type { Access, LaunchFrom, Machine, PlatformDriver } from '../../extension/platform';
import type { NullConfig } from './null-source';

type Remote = Exclude<NonNullable<NullConfig['communicator']>, string>;

/** The verbs for a machine that is there already. */
export class NullDriver implements PlatformDriver<NullConfig> {
  /** What is wrong with keys and the like on this side. */
  async preflight(config: NullConfig, ctx: RunContext): Promise<readonly Problem[]> {
    const { communicator } = config;
    if (typeof communicator !== 'object') return [];
    try {
      if (communicator.type === 'ssh') {
        const { settingsOf } =
          require('../../communicators/ssh/settings') as typeof import('../../communicators/ssh/settings');
        await settingsOf(sshTarget(communicator), ctx);
      } else {
        const { settingsOf } =
          require('../../communicators/winrm/settings') as typeof import('../../communicators/winrm/settings');
        await settingsOf(winrmTarget(communicator), ctx);
      }
      return [];
    } catch (error) {
      return [toProblem(error)];
    }
  }

  /** Makes nothing. The record stands for the use of the machine, so that a journal shows it. */
  async launch(config: NullConfig, _from: LaunchFrom, ctx: ResourceContext): Promise<Machine> {
    const { communicator = 'local' } = config;
    const locator =
      typeof communicator === 'string'
        ? { communicator }
        : { communicator: communicator.type, host: communicator.host ?? '' };
    const resource = await ctx.acquire('null:machine', locator, (token) => Promise.resolve(token));
    return { resource, data: locator };
  }

  connect(_machine: Machine, config: NullConfig, ctx: ResourceContext): Promise<Communicator> {
    const { communicator = 'local' } = config;
    if (communicator === 'none') return Promise.resolve(noCommunicator());
    if (communicator === 'local') {
      const { clock, env, projectDir } = ctx;
      return Promise.resolve(localCommunicator({ clock, env, cwd: projectDir }));
    }
    if (communicator.type === 'winrm') {
      const { connectWinrm } =
        require('../../communicators/winrm/connect') as typeof import('../../communicators/winrm/connect');
      return connectWinrm(winrmTarget(communicator), ctx);
    }
    const { connectSsh } =
      require('../../communicators/ssh/connect') as typeof import('../../communicators/ssh/connect');
    return connectSsh(sshTarget(communicator), ctx);
  }

  capture(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  exists(): Promise<boolean> {
    return Promise.resolve(true);
  }

  destroy(): Promise<void> {
    return Promise.resolve();
  }

  access(_machine: Machine, { communicator }: NullConfig): Access {
    if (typeof communicator === 'object') {
      if (communicator.type === 'winrm') {
        const { host, port, useSsl, username } = winrmTarget(communicator);
        const url = `${useSsl === true ? 'https' : 'http'}://${host}:${port ?? (useSsl === true ? 5986 : 5985)}`;
        return { enter: `winrs -r:${url} -u:${username} cmd` };
      }
      const { port, username, host } = sshTarget(communicator);
      return { enter: `ssh ${port === undefined ? '' : `-p ${port} `}${username}@${host}` };
    }
    return { enter: communicator === 'none' ? 'there is no machine' : 'it is this machine' };
  }
}

/** The schema has seen to it that host and user are there. */
function sshTarget(config: Remote & { readonly type: 'ssh' }): SshTarget {
  const { type: _type, host = '', username = '', ...rest } = config;
  return { ...rest, host, username };
}

function winrmTarget(config: Remote & { readonly type: 'winrm' }): WinrmTarget {
  const { type: _type, host = '', ...rest } = config;
  return { ...rest, host };
}
