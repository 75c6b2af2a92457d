import { GoldsmithError } from '../../../errors';
import type { Communicator, ExecResult } from '../../../extension/communicator';
import type { ResourceContext } from '../../../extension/context';
import type { VirtualMachine } from './machine';

/**
 * A communicator as steps get it. They cannot end it, since the machine is shut down by it in the end; and where it broke because the
 * emulator crashed, that is what they are told.
 */
export function ofMachine(
  communicator: Communicator,
  machine: VirtualMachine,
  publicKey: string | undefined,
  ctx: ResourceContext,
): Communicator {
  const explained = async <T>(task: Promise<T>): Promise<T> => {
    try {
      return await task;
    } catch (error) {
      const broke = GoldsmithError.is(error) && error.code === 'CONNECTION_LOST';
      throw (broke ? await machine.crash(ctx) : undefined) ?? error;
    }
  };
  return {
    guest: communicator.guest,
    facts: { ...communicator.facts, ...(publicKey !== undefined && { SSHPublicKey: publicKey }) },
    restartable: true,
    exec: async (command, options): Promise<ExecResult> => {
      const result = await explained(communicator.exec(command, options));
      const crash = result.ended === 'disconnect' ? await machine.crash(ctx) : undefined;
      if (crash) throw crash;
      return result;
    },
    uploadFile: (local, remote, options) => explained(communicator.uploadFile(local, remote, options)),
    uploadDirectory: (local, remote, options) => explained(communicator.uploadDirectory(local, remote, options)),
    downloadFile: (remote, local, options) => explained(communicator.downloadFile(remote, local, options)),
    downloadDirectory: (remote, local, options) => explained(communicator.downloadDirectory(remote, local, options)),
    close: () => Promise.resolve(),
  };
}
