import { removeAuthorizedKey } from '../../../communicators/ssh/authorized-keys';
import type { Communicator } from '../../../extension/communicator';
import type { ResourceContext } from '../../../extension/context';
import type { Api } from '../api/api';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { dataOf, type Launched } from './launch';
import { throwIfLost } from './lost';

/**
 * A communicator as steps get it. They cannot end it, since the temporary key is removed by it in the end; and what broke because the
 * instance is no more (a spot instance that AWS took back) says so.
 */
export function lent(
  communicator: Communicator,
  { machine, keys }: Launched,
  api: Api,
  ctx: ResourceContext,
): Communicator {
  const { id } = dataOf(machine);
  const orLost = async <T>(task: Promise<T>, isBroken: (result: T) => boolean = () => false): Promise<T> => {
    try {
      const result = await task;
      if (isBroken(result)) await throwIfLost(api, id, ctx);
      return result;
    } catch (error) {
      ctx.signal.throwIfAborted();
      await throwIfLost(api, id, ctx);
      throw error;
    }
  };
  return {
    guest: communicator.guest,
    facts: { ...communicator.facts, ...(keys.user && { SSHPublicKey: keys.user.publicKey }) },
    restartable: true,
    exec: (command, options) => orLost(communicator.exec(command, options), ({ ended }) => ended === 'disconnect'),
    uploadFile: (local, remote, options) => orLost(communicator.uploadFile(local, remote, options)),
    uploadDirectory: (local, remote, options) => orLost(communicator.uploadDirectory(local, remote, options)),
    downloadFile: (remote, local, options) => orLost(communicator.downloadFile(remote, local, options)),
    downloadDirectory: (remote, local, options) => orLost(communicator.downloadDirectory(remote, local, options)),
    close: () => Promise.resolve(),
  };
}

/** Takes the temporary key out of the machine, so that nobody gets into what starts from the image with it. */
export async function clearKey(
  { communicator, keys }: Launched,
  config: AmazonEbsConfig,
  ctx: ResourceContext,
): Promise<void> {
  const given = typeof config.communicator === 'object' ? config.communicator : undefined;
  const wanted = given?.type === 'ssh' ? (given.clearAuthorizedKeys ?? true) : given === undefined;
  if (communicator && keys.user && wanted) await removeAuthorizedKey(communicator, keys.user.publicKey, ctx.signal);
}
