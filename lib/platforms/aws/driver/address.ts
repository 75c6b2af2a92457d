import type { Instance } from '@aws-sdk/client-ec2';
import type { ResourceContext } from '../../../extension/context';
import { parseDuration } from '../../../util/duration';
import type { Api } from '../api/api';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { isOver, lost } from './lost';

/** The address that is connected to, when it is there. */
export function addressOf(
  api: Api,
  instance: Instance,
  config: AmazonEbsConfig,
  ctx: ResourceContext,
): Promise<string> {
  const id = instance.InstanceId!;
  const { sshInterface } = config;
  const known = pick(instance, sshInterface, config.associatePublicIpAddress === false);
  if (known !== undefined) return Promise.resolve(known);
  const from = ctx.clock.now();
  return api.poller.until({
    kind: 'instance',
    id,
    what: `the address (${sshInterface === undefined || sshInterface === 'instance_connect' ? 'public or private' : sshInterface}) of ${id}`,
    usually: 0,
    timeout: parseDuration(config.addressTimeout ?? '5m'),
    signal: ctx.signal,
    done: (instance) => {
      if (isOver(instance)) throw lost(instance);
      // A public address comes with the instance or not at all, but may be seen a moment later.
      const patience = ctx.clock.now() - from > 3_000 || config.associatePublicIpAddress === false;
      return pick(instance, sshInterface, patience);
    },
  });
}

function pick(instance: Instance, wanted: AmazonEbsConfig['sshInterface'], orPrivate: boolean): string | undefined {
  const text = (value: string | undefined): string | undefined => (value === '' ? undefined : value);
  switch (wanted) {
    case 'public_ip':
      return text(instance.PublicIpAddress);
    case 'private_ip':
      return text(instance.PrivateIpAddress);
    case 'public_dns':
      return text(instance.PublicDnsName);
    case 'private_dns':
      return text(instance.PrivateDnsName);
    case 'ipv6':
      return text(instance.Ipv6Address ?? instance.NetworkInterfaces?.[0]?.Ipv6Addresses?.[0]?.Ipv6Address);
    case 'session_manager':
    case 'instance_connect':
    case undefined:
      return text(instance.PublicIpAddress) ?? (orPrivate ? text(instance.PrivateIpAddress) : undefined);
  }
}
