import { messageOf } from '../../../errors';
import type { Communicator } from '../../../extension/communicator';
import type { ResourceContext } from '../../../extension/context';
import { parseDuration } from '../../../util/duration';
import type { VirtualMachine } from '../machine/machine';
import type { QemuConfig } from '../props/qemu-props';

/** How long the power button is given before the power is cut, in milliseconds, where a command did nothing. */
const BUTTON = 15_000;

/** Shuts the guest down: by a command, else by the power button, and by cutting the power where neither helps. */
export async function shutDown(
  machine: VirtualMachine,
  communicator: Communicator | undefined,
  config: QemuConfig,
  username: string,
  ctx: ResourceContext,
): Promise<void> {
  const timeout = parseDuration(config.shutdownTimeout ?? '5m');
  if (communicator) {
    const told = await tell(machine, communicator, config, username, ctx);
    if (!told) await machine.pressPower();
    if (await machine.endsWithin(timeout, ctx)) return;
    if (told) {
      ctx.warn(`the guest did not shut down in ${timeout / 1000} s; pressing its power button`);
      await machine.pressPower();
      if (await machine.endsWithin(BUTTON, ctx)) return;
    }
  } else if (await machine.endsWithin(timeout, ctx)) return;
  ctx.warn('the guest does not shut down; cutting its power');
  await machine.cutPower();
}

/** Gives the command. It may never answer: the guest is going down. */
async function tell(
  machine: VirtualMachine,
  communicator: Communicator,
  config: QemuConfig,
  username: string,
  ctx: ResourceContext,
): Promise<boolean> {
  const ended = new AbortController();
  const command = config.shutdownCommand ?? `${username === 'root' ? '' : 'sudo -n '}shutdown -P now`;
  const signal = AbortSignal.any([ctx.signal, ended.signal]);
  const result = communicator
    .exec(command, { signal, onOutput: (text, stream) => ctx.output(text, stream) })
    .then((one) => one.ended !== 'exit' || one.code === 0)
    .catch((error: unknown) => {
      ctx.signal.throwIfAborted();
      if (machine.alive && !ended.signal.aborted)
        ctx.warn(`the shutdown command could not be given: ${messageOf(error)}`);
      return !machine.alive || ended.signal.aborted;
    });
  const gone = machine.ended.then(() => {
    ended.abort();
    return true;
  });
  return Promise.race([result, gone]);
}
