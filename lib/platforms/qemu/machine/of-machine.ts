import type { Communicator, ExecResult } from '../../../extension/communicator';
import type { ResourceContext } from '../../../extension/context';
import type { VirtualMachine } from './machine';

/**
 * A communicator as steps get it. They cannot end it, since the machine is shut down by it in the end; and what broke because the
 * machine is no more says so, rather than to try and connect to it again.
 */
export function ofMachine(
  communicator: Communicator,
  machine: VirtualMachine,
  publicKey: string | undefined,
  ctx: ResourceContext,
): Communicator {
  const within = async <O extends { readonly signal: AbortSignal }, T>(
    options: O,
    task: (options: O) => Promise<T>,
  ): Promise<T> => {
    const { over, broken } = machine;
    over.signal.throwIfAborted();
    try {
      return await task({ ...options, signal: AbortSignal.any([options.signal, broken.signal]) });
    } catch (error) {
      options.signal.throwIfAborted();
      broken.signal.throwIfAborted();
      throw error;
    }
  };
  return {
    guest: communicator.guest,
    facts: { ...communicator.facts, ...(publicKey !== undefined && { SSHPublicKey: publicKey }) },
    restartable: true,
    exec: (command, options) =>
      within(options, async (more): Promise<ExecResult> => {
        const result = await communicator.exec(command, more);
        const crash = result.ended === 'disconnect' ? await machine.crash(ctx) : undefined;
        if (crash) throw crash;
        return result;
      }),
    uploadFile: (local, remote, options) => within(options, (more) => communicator.uploadFile(local, remote, more)),
    uploadDirectory: (local, remote, options) =>
      within(options, (more) => communicator.uploadDirectory(local, remote, more)),
    downloadFile: (remote, local, options) => within(options, (more) => communicator.downloadFile(remote, local, more)),
    downloadDirectory: (remote, local, options) =>
      within(options, (more) => communicator.downloadDirectory(remote, local, more)),
    close: () => Promise.resolve(),
  };
}
