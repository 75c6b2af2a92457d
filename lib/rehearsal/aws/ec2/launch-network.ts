import type { Call } from '../call';
import { AwsError } from '../errors';
import type { Params } from '../protocol/params';
import type { Subnet } from '../types';
import { defaultVpc } from './network';

/** Where an instance is put. */
export interface Placement {
  readonly subnet: Subnet;
  readonly groups: readonly string[];
  readonly hasPublicAddress: boolean;
}

/** Finds the subnet and the groups that a launch names, by itself or in its network interface. */
export function placementOf(call: Call, params: Params): Placement {
  const { world } = call;
  const card = params.structs('NetworkInterface')[0];
  if (card && (params.has('SubnetId') || params.list('SecurityGroupId').length > 0)) {
    throw new AwsError(
      'InvalidParameterCombination',
      'Network interfaces and an instance-level subnet ID or security groups may not be specified on the same request',
    );
  }
  const at = card ?? params;
  const named = at.text('SubnetId');
  const zone = params.struct('Placement').text('AvailabilityZone');
  const subnet = named === undefined ? defaultSubnet(call, zone) : world.subnets.get(call, named);
  if (zone !== undefined && subnet.zone !== zone) {
    throw new AwsError(
      'InvalidParameterValue',
      `Value (${zone}) for parameter availabilityZone is invalid. The subnet is in ${subnet.zone}.`,
    );
  }
  const ids = at.list('SecurityGroupId').map((id) => world.groups.get(call, id));
  const names = params.list('SecurityGroup').map((name) => {
    const group = world.groups.of(call).find((one) => one.name === name && one.vpc === subnet.vpc);
    if (group) return group;
    throw new AwsError('InvalidGroup.NotFound', `The security group '${name}' does not exist in VPC '${subnet.vpc}'`);
  });
  const groups = [...ids, ...names];
  const far = groups.find(({ vpc }) => vpc !== subnet.vpc);
  if (far)
    throw new AwsError(
      'InvalidParameter',
      `Security group ${far.id} and subnet ${subnet.id} belong to different networks.`,
    );
  const standard = world.groups.of(call).filter(({ name, vpc }) => name === 'default' && vpc === subnet.vpc);
  return {
    subnet,
    groups: (groups.length > 0 ? groups : standard).map(({ id }) => id),
    hasPublicAddress: card?.flag('AssociatePublicIpAddress') ?? subnet.isDefault,
  };
}

function defaultSubnet(call: Call, zone: string | undefined): Subnet {
  const vpc = defaultVpc(call);
  const subnets = call.world.subnets.of(call).filter((one) => one.vpc === vpc.id);
  const found = zone === undefined ? subnets[0] : subnets.find((one) => one.zone === zone);
  if (found) return found;
  throw new AwsError('InvalidParameterValue', `Invalid availability zone: [${zone ?? ''}]`);
}
