import type { Body, Call } from '../call';
import { zoneGroup } from '../catalog';
import { AwsError } from '../errors';
import { filtered, paged } from '../filters';
import { tagSet } from '../tags';
import type { Vpc } from '../types';
import { REGIONS } from './regions';

/** The network that is used where none is named. */
export function defaultVpc(call: Call): Vpc {
  const vpc = call.world.vpcs.of(call).find(({ isDefault }) => isDefault);
  if (vpc) return vpc;
  throw new AwsError('VPCIdNotSpecified', 'No default VPC for this user');
}

/** DescribeVpcs. */
export function describeVpcs(call: Call): Body {
  const { world, params } = call;
  const ids = params.list('VpcId');
  const chosen = ids.length > 0 ? ids.map((id) => world.vpcs.get(call, id)) : world.vpcs.of(call);
  const found = filtered(call, chosen, {
    'vpc-id': ({ id }) => id,
    cidr: ({ cidr }) => cidr,
    'cidr-block': ({ cidr }) => cidr,
    'is-default': ({ isDefault }) => isDefault,
    isDefault: ({ isDefault }) => isDefault,
    state: () => 'available',
    'owner-id': ({ account }) => account,
  });
  const { page, nextToken } = paged(call, found);
  return {
    vpcSet: page.map(({ id, account, cidr, isDefault, tags }) => ({
      vpcId: id,
      ownerId: account,
      state: 'available',
      cidrBlock: cidr,
      dhcpOptionsId: `dopt-${id.slice(4)}`,
      instanceTenancy: 'default',
      isDefault,
      tagSet: tagSet(tags),
    })),
    nextToken,
  };
}

/** DescribeSubnets. */
export function describeSubnets(call: Call): Body {
  const { world, params } = call;
  const ids = params.list('SubnetId');
  const chosen = ids.length > 0 ? ids.map((id) => world.subnets.get(call, id)) : world.subnets.of(call);
  const found = filtered(call, chosen, {
    'subnet-id': ({ id }) => id,
    'vpc-id': ({ vpc }) => vpc,
    'availability-zone': ({ zone }) => zone,
    availabilityZone: ({ zone }) => zone,
    'availability-zone-id': ({ zoneId }) => zoneId,
    'cidr-block': ({ cidr }) => cidr,
    'default-for-az': ({ isDefault }) => isDefault,
    defaultForAz: ({ isDefault }) => isDefault,
    state: () => 'available',
    'owner-id': ({ account }) => account,
  });
  const { page, nextToken } = paged(call, found);
  return {
    subnetSet: page.map((subnet) => ({
      subnetId: subnet.id,
      subnetArn: `arn:aws:ec2:${subnet.region}:${subnet.account}:subnet/${subnet.id}`,
      ownerId: subnet.account,
      state: 'available',
      vpcId: subnet.vpc,
      cidrBlock: subnet.cidr,
      // AWS keeps five addresses of each subnet for itself.
      availableIpAddressCount:
        4091 - world.instances.all().filter((one) => one.subnet === subnet.id && one.state !== 'terminated').length,
      availabilityZone: subnet.zone,
      availabilityZoneId: subnet.zoneId,
      defaultForAz: subnet.isDefault,
      mapPublicIpOnLaunch: subnet.isDefault,
      assignIpv6AddressOnCreation: false,
      tagSet: tagSet(subnet.tags),
    })),
    nextToken,
  };
}

/** DescribeRegions. */
export function describeRegions(call: Call): Body {
  const names = call.params.list('RegionName');
  for (const name of names) {
    if (!REGIONS.includes(name)) throw new AwsError('InvalidParameterValue', `Invalid region names [${name}]`);
  }
  const rows = REGIONS.filter((name) => names.length === 0 || names.includes(name)).map((name) => ({
    name,
    tags: new Map<string, string>(),
  }));
  const found = filtered(call, rows, {
    'region-name': ({ name }) => name,
    endpoint: ({ name }) => `ec2.${name}.amazonaws.com`,
    'opt-in-status': () => 'opt-in-not-required',
  });
  return {
    regionInfo: found.map(({ name }) => ({
      regionName: name,
      regionEndpoint: `ec2.${name}.amazonaws.com`,
      optInStatus: 'opt-in-not-required',
    })),
  };
}

/** DescribeAvailabilityZones. */
export function describeZones(call: Call): Body {
  const { params, region } = call;
  const names = params.list('ZoneName');
  const ids = params.list('ZoneId');
  const rows = zonesOf(region).filter(
    ({ name, id }) => (names.length === 0 || names.includes(name)) && (ids.length === 0 || ids.includes(id)),
  );
  const unknown = names.find((name) => !rows.some((row) => row.name === name));
  if (unknown !== undefined) throw new AwsError('InvalidParameterValue', `Invalid availability zones: [${unknown}]`);
  const found = filtered(call, rows, {
    'zone-name': ({ name }) => name,
    'zone-id': ({ id }) => id,
    'region-name': () => region,
    state: () => 'available',
    'zone-type': () => 'availability-zone',
    'opt-in-status': () => 'opt-in-not-required',
  });
  return {
    availabilityZoneInfo: found.map(({ name, id }) => ({
      zoneName: name,
      zoneId: id,
      zoneState: 'available',
      regionName: region,
      optInStatus: 'opt-in-not-required',
      groupName: region,
      networkBorderGroup: region,
      zoneType: 'availability-zone',
      messageSet: [],
    })),
  };
}

function zonesOf(
  region: string,
): readonly { readonly name: string; readonly id: string; readonly tags: ReadonlyMap<string, string> }[] {
  return ['a', 'b', 'c'].map((letter, index) => ({
    name: `${region}${letter}`,
    id: `${zoneGroup(region)}-az${index + 1}`,
    tags: new Map(),
  }));
}
