import type { Instance } from '@aws-sdk/client-ec2';
import { messageOf } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import type { Api } from '../api/api';
import { reasonOf } from '../api/errors';

/** A lent key is taken for 60 s: docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSSHPublicKey.html. */
const FRESH = 30_000;

/** Lends the instance a public key, again when a login may come too late for the one before: EC2 Instance Connect. */
export function keyLender(
  api: Api,
  instance: Instance,
  user: string,
  publicKey: string,
  ctx: RunContext,
): () => Promise<void> {
  let last = -Infinity;
  return async () => {
    if (ctx.clock.now() - last < FRESH) return;
    const AvailabilityZone = instance.Placement?.AvailabilityZone;
    const input = {
      InstanceId: instance.InstanceId!,
      InstanceOSUser: user,
      SSHPublicKey: publicKey,
      ...(AvailabilityZone !== undefined && { AvailabilityZone }),
    };
    try {
      await api.call('ec2-instance-connect:SendSSHPublicKey', input, ctx.signal);
      last = ctx.clock.now();
    } catch (error) {
      // Known by EC2, and not yet by this service.
      if (!/^EC2Instance(NotFound|StateInvalid|Unavailable)Exception$/.test(reasonOf(error))) throw error;
      throw new Error(messageOf(error), { cause: error });
    }
  };
}
