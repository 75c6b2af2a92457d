import type { JsonHandler } from './documents';
import { hostOf } from './ec2/host';
import { AwsError } from './errors';

/** How long a lent key is taken, in milliseconds: API_SendSSHPublicKey.html. It is logged in with at the pace of this machine. */
const TAKEN = 60_000;

/** EC2 Instance Connect. */
export const INSTANCE_CONNECT: Readonly<Record<string, JsonHandler>> = {
  SendSSHPublicKey: ({ world, account, region, input }) => {
    const { InstanceId: id, InstanceOSUser: user, SSHPublicKey: key } = input;
    if (typeof user !== 'string' || typeof key !== 'string' || !/^(ssh-(rsa|ed25519)) [A-Za-z0-9+/=]+/.test(key)) {
      throw new AwsError('InvalidArgsException', 'The SSH public key or the user name is invalid.');
    }
    const instance = typeof id === 'string' ? world.instances.find(id) : undefined;
    if (!instance || instance.account !== account || instance.region !== region) {
      throw new AwsError('EC2InstanceNotFoundException', `Instance ${String(id)} was not found.`);
    }
    if (instance.state !== 'running') {
      throw new AwsError('EC2InstanceStateInvalidException', `Instance ${instance.id} is ${instance.state}.`);
    }
    const { clock } = world.pace;
    hostOf(world, instance).lend(user, key, clock.now() + TAKEN);
    return { RequestId: world.requestId(), Success: true };
  },
};
