import { localCommunicator } from '../../communicators/local';
import { noCommunicator } from '../../communicators/none';
import type { Communicator } from '../../extension/communicator';
import type { ResourceContext } from '../../extension/context';
import type { Access, LaunchFrom, Machine, PlatformDriver } from '../../extension/platform';
import type { NullConfig } from './null-source';

/** The verbs for a machine that is there already. */
export class NullDriver implements PlatformDriver<NullConfig> {
  /** Makes nothing. The record stands for the use of the machine, so that a journal shows it. */
  async launch(config: NullConfig, _from: LaunchFrom, ctx: ResourceContext): Promise<Machine> {
    const locator = { communicator: config.communicator ?? 'local' };
    const resource = await ctx.acquire('null:machine', locator, (token) => Promise.resolve(token));
    return { resource, data: locator };
  }

  connect(_machine: Machine, config: NullConfig, ctx: ResourceContext): Promise<Communicator> {
    return Promise.resolve(CONNECT[config.communicator ?? 'local'](ctx));
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

  access(_machine: Machine, config: NullConfig): Access {
    return { enter: config.communicator === 'none' ? 'there is no machine' : 'it is this machine' };
  }
}

/** How to connect, by the name of the communicator. */
const CONNECT: Readonly<Record<NonNullable<NullConfig['communicator']>, (ctx: ResourceContext) => Communicator>> = {
  local: ({ clock, env, projectDir }) => localCommunicator({ clock, env, cwd: projectDir }),
  none: noCommunicator,
};
