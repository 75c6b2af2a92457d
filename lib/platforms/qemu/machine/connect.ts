import * as net from 'node:net';
import { connectSsh } from '../../../communicators/ssh/connect';
import { GoldsmithError } from '../../../errors';
import type { Communicator } from '../../../extension/communicator';
import type { ResourceContext } from '../../../extension/context';
import { parseDuration } from '../../../util/duration';
import type { QemuConfig } from '../props/qemu-props';
import { guestAddress } from './address';
import { consoleTail } from './console';
import { injects, usesSeed, type MachineKeys } from './keys';
import type { VirtualMachine } from './machine';

/** How long one look at the port may take, in milliseconds: a guest without a network answers nothing at all. */
const LOOK = 1500;

/** Connects to a machine by SSH, as soon as it answers. Ends when the machine does. */
export async function connectTo(
  machine: VirtualMachine,
  keys: MachineKeys,
  config: QemuConfig,
  ctx: ResourceContext,
): Promise<Communicator> {
  const given = typeof config.communicator === 'object' ? config.communicator : undefined;
  const { type: _type, host, port = 22, username: _username, hostKey, ...rest } = given ?? { type: 'ssh' as const };
  const within = { ...ctx, signal: AbortSignal.any([ctx.signal, machine.over.signal]) };
  const isForwarded = host === undefined && config.netBridge === undefined;
  const resolve = async (): Promise<{ host: string; port: number }> => {
    if (host !== undefined) return { host, port };
    if (config.netBridge !== undefined) return { host: await guestAddress(machine, within), port };
    return { host: '127.0.0.1', port: await machine.forwardedPort(port) };
  };
  const address = await resolve();
  if (isForwarded) await waitForBanner(address.port, parseDuration(given?.timeout ?? '5m'), machine, within);
  const communicator = await connectSsh(
    {
      ...rest,
      ...address,
      username: keys.username,
      privateKey: keys.user?.privateKey,
      ...(keys.host && { pinnedHostKeys: [keys.host.publicKey] }),
      // A forwarded port leads from this process to the guest and nowhere else.
      hostKey: hostKey ?? (keys.host ? 'pinned' : isForwarded ? 'insecure' : undefined),
      authMayComeLate: true,
      console: () => consoleTail(machine.layout.dir),
    },
    within,
  );
  if (machine.layout.incoming === true) await wakeUp(communicator, within);
  else await awaitCloudInit(communicator, config, within);
  return communicator;
}

/**
 * Waits until an SSH server greets. QEMU takes a connection at once, whether or not there is somebody behind it, and then tries at
 * growing intervals: asking anew finds the guest sooner.
 */
async function waitForBanner(
  port: number,
  timeout: number,
  machine: VirtualMachine,
  ctx: ResourceContext,
): Promise<void> {
  await ctx
    .poll('an SSH server in the guest', () => greets(port, ctx), { interval: 250, maxInterval: 500, timeout })
    .catch(async (error: unknown) => {
      if (!GoldsmithError.is(error) || error.code !== 'STEP_TIMEOUT') throw error;
      throw new GoldsmithError('CONNECT_FAILED', `nothing in the guest answered by SSH in ${timeout / 1000} s`, {
        output: await consoleTail(machine.layout.dir),
        hint: 'above is what its serial console showed last; raise `communicator.timeout` where it was still starting',
      });
    });
}

async function greets(port: number, ctx: ResourceContext): Promise<true | undefined> {
  ctx.signal.throwIfAborted();
  const socket = net.connect(port, '127.0.0.1');
  const over = new AbortController();
  const answer = new Promise<true | undefined>((resolve) => {
    socket.once('data', () => resolve(true));
    socket.once('error', () => resolve(undefined));
    socket.once('close', () => resolve(undefined));
  });
  try {
    const look = ctx.clock.sleep(LOOK, AbortSignal.any([ctx.signal, over.signal])).then(
      () => undefined,
      () => undefined,
    );
    return await Promise.race([answer, look]);
  } finally {
    over.abort();
    socket.destroy();
  }
}

/** cloud-init may still be at work when SSH answers: where the user gave it something to do, that is waited for. */
async function awaitCloudInit(communicator: Communicator, config: QemuConfig, ctx: ResourceContext): Promise<void> {
  const { cloudInit } = config;
  if (!usesSeed(config)) return;
  const given = cloudInit === undefined || cloudInit === false ? {} : cloudInit;
  const hasWork = !injects(config) || given.config !== undefined || given.packages !== undefined;
  if (!(given.wait ?? hasWork)) return;
  ctx.say('waiting for cloud-init in the guest');
  const result = await communicator.exec(
    'command -v cloud-init >/dev/null || exit 0; cloud-init status --wait --long',
    {
      signal: ctx.signal,
      onOutput: (text, stream) => ctx.output(text, stream),
    },
  );
  if (result.ended === 'exit' && result.code !== 0)
    ctx.warn('cloud-init did not end well in the guest: see /var/log/cloud-init.log there');
}

/** A guest that slept does not know how late it is, and would draw the random numbers that others draw who slept with it. */
async function wakeUp(communicator: Communicator, ctx: ResourceContext): Promise<void> {
  const { randomBytes } = require('node:crypto') as typeof import('node:crypto');
  const now = (ctx.clock.now() / 1000).toFixed(3);
  const script = `cat > /dev/urandom; s=; [ "$(id -u)" = 0 ] || s='sudo -n'; $s date -u -s @${now} >/dev/null 2>&1; true`;
  await communicator.exec(script, { signal: ctx.signal, stdin: randomBytes(512) });
}
