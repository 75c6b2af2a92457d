import { GoldsmithError } from '../../../errors';
import type { ResourceContext } from '../../../extension/context';
import { withinTime } from '../../../util/within-time';
import type { Api } from '../api/api';
import { asLocator } from '../api/access';
import { isDuplicate } from '../api/errors';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { filtersOf } from './filters';
import { ownTags, specify } from './tags';
import { whoseName } from './whose-name';

/** A place to try: a subnet, a zone, or whatever AWS chooses. */
export interface Spot {
  readonly subnet?: string;
  readonly zone?: string;
}

/** Where the instance goes. */
export interface Network {
  /** In this order. */
  readonly spots: readonly Spot[];
  readonly groups: readonly string[];
}

/** Finds subnets and security groups, and makes a temporary group where none is given. */
export async function prepareNetwork(api: Api, config: AmazonEbsConfig, ctx: ResourceContext): Promise<Network> {
  const { spots, vpc } = await findSpots(api, config, ctx);
  const { securityGroupId, securityGroupIds, securityGroupFilter } = config;
  if (securityGroupId !== undefined) return { spots, groups: [securityGroupId] };
  if (securityGroupIds) return { spots, groups: securityGroupIds };
  if (securityGroupFilter) {
    const Filters = filtersOf(securityGroupFilter.filters);
    if (vpc !== undefined) Filters.push({ Name: 'vpc-id', Values: [vpc] });
    const { SecurityGroups = [] } = await api.call('ec2:DescribeSecurityGroups', { Filters }, ctx.signal);
    if (SecurityGroups.length === 0) throw nothing('securityGroupFilter', 'security group', api);
    return { spots, groups: SecurityGroups.map(({ GroupId }) => GroupId!) };
  }
  if (portOf(config) === undefined) return { spots, groups: [] };
  return { spots, groups: [await temporaryGroup(api, config, vpc, ctx)] };
}

async function findSpots(
  api: Api,
  config: AmazonEbsConfig,
  ctx: ResourceContext,
): Promise<{ readonly spots: readonly Spot[]; readonly vpc: string | undefined }> {
  const zones = listOf(config.availabilityZone);
  const vpc = config.vpcFilter ? await findVpc(api, config.vpcFilter.filters, ctx) : config.vpcId;
  if (config.subnetFilter) {
    const subnet = await findSubnet(api, config.subnetFilter, vpc, zones, ctx);
    return { spots: [{ subnet: subnet.id }], vpc: vpc ?? subnet.vpc };
  }
  const subnets = listOf(config.subnetId);
  const needsVpc = vpc === undefined && subnets.length > 0 && makesGroup(config);
  if (subnets.length > 0) {
    return { spots: subnets.map((subnet) => ({ subnet })), vpc: needsVpc ? await vpcOf(api, subnets[0]!, ctx) : vpc };
  }
  if (vpc === undefined) return { spots: zones.length > 0 ? zones.map((zone) => ({ zone })) : [{}], vpc };
  const inVpc = await subnetsOf(api, { 'vpc-id': vpc, state: 'available' }, zones, ctx);
  if (inVpc.length === 0) throw nothing(config.vpcFilter ? 'vpcFilter' : 'vpcId', 'subnet', api);
  return { spots: inVpc.map(({ id }) => ({ subnet: id })), vpc };
}

interface Found {
  readonly id: string;
  readonly vpc: string | undefined;
  readonly free: number;
}

async function subnetsOf(
  api: Api,
  filters: Readonly<Record<string, string>>,
  zones: readonly string[],
  ctx: ResourceContext,
): Promise<readonly Found[]> {
  const Filters = filtersOf(filters);
  if (zones.length > 0) Filters.push({ Name: 'availability-zone', Values: [...zones] });
  const { Subnets = [] } = await api.call('ec2:DescribeSubnets', { Filters }, ctx.signal);
  return Subnets.map(({ SubnetId, VpcId, AvailableIpAddressCount = 0 }) => ({
    id: SubnetId!,
    vpc: VpcId,
    free: AvailableIpAddressCount,
  })).sort((a, b) => b.free - a.free);
}

async function findSubnet(
  api: Api,
  { filters, mostFree, random }: NonNullable<AmazonEbsConfig['subnetFilter']>,
  vpc: string | undefined,
  zones: readonly string[],
  ctx: ResourceContext,
): Promise<Found> {
  const all = { ...filters, state: 'available', ...(vpc !== undefined && { 'vpc-id': vpc }) };
  const found = await subnetsOf(api, all, zones, ctx);
  const [first] = found;
  if (!first) throw nothing('subnetFilter', 'subnet', api);
  if (found.length === 1 || mostFree === true) return first;
  if (random === true) return found[Math.floor(Math.random() * found.length)]!;
  const names = found.map(({ id }) => id).join(', ');
  throw new GoldsmithError('LAUNCH_FAILED', `\`subnetFilter\` matches ${found.length} subnets: ${names}`, {
    hint: 'narrow the filters, or say which one to take with `mostFree` or `random`',
  });
}

async function findVpc(api: Api, filters: Readonly<Record<string, string>>, ctx: ResourceContext): Promise<string> {
  const { Vpcs = [] } = await api.call('ec2:DescribeVpcs', { Filters: filtersOf(filters) }, ctx.signal);
  const [vpc] = Vpcs;
  if (!vpc) throw nothing('vpcFilter', 'VPC', api);
  if (Vpcs.length === 1) return vpc.VpcId!;
  const names = Vpcs.map(({ VpcId }) => VpcId).join(', ');
  throw new GoldsmithError('LAUNCH_FAILED', `\`vpcFilter\` matches ${Vpcs.length} VPCs: ${names}`, {
    hint: 'narrow the filters until one is left',
  });
}

async function vpcOf(api: Api, subnet: string, ctx: ResourceContext): Promise<string | undefined> {
  const { Subnets = [] } = await api.call('ec2:DescribeSubnets', { SubnetIds: [subnet] }, ctx.signal);
  return Subnets[0]?.VpcId;
}

function makesGroup(config: AmazonEbsConfig): boolean {
  const { securityGroupId, securityGroupIds, securityGroupFilter } = config;
  return (securityGroupId ?? securityGroupIds ?? securityGroupFilter) === undefined && portOf(config) !== undefined;
}

/** The port that is connected to; undefined where nobody connects. */
export function portOf({ communicator }: AmazonEbsConfig): number | undefined {
  if (communicator === 'none') return undefined;
  if (communicator?.type === 'winrm') return communicator.port ?? (communicator.useSsl === true ? 5986 : 5985);
  return communicator?.port ?? 22;
}

async function temporaryGroup(
  api: Api,
  config: AmazonEbsConfig,
  vpc: string | undefined,
  ctx: ResourceContext,
): Promise<string> {
  const port = portOf(config)!;
  const cidrs = await sourcesOf(config, ctx);
  const { id } = await ctx.acquire('amazon-ebs:security-group', asLocator(api.place), async (token) => {
    const GroupName = `goldsmith-${token}`;
    try {
      const { GroupId } = await api.call('ec2:CreateSecurityGroup', {
        GroupName,
        Description: `Temporary group of goldsmith for ${ctx.node.id}`
          .replace(/[^\w .:/()#,@[\]+=&;{}!$*-]/g, '_')
          .slice(0, 255),
        ...(vpc !== undefined && { VpcId: vpc }),
        TagSpecifications: specify(ownTags(ctx, token, config.runTags), 'security-group'),
      });
      return GroupId!;
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      const Filters = [{ Name: 'group-name', Values: [GroupName] }];
      const found = await whoseName(api, error, token, async () => {
        const { SecurityGroups = [] } = await api.call('ec2:DescribeSecurityGroups', { Filters });
        return SecurityGroups.map(({ GroupId, Tags }) => ({ id: GroupId!, tags: Tags }));
      });
      if (found === undefined) throw error;
      return found;
    }
  });
  const v6 = cidrs.filter((cidr) => cidr.includes(':'));
  const v4 = cidrs.filter((cidr) => !cidr.includes(':'));
  await api
    .soon(
      'ec2:AuthorizeSecurityGroupIngress',
      {
        GroupId: id!,
        IpPermissions: [
          {
            IpProtocol: 'tcp',
            FromPort: port,
            ToPort: port,
            ...(v4.length > 0 && { IpRanges: v4.map((CidrIp) => ({ CidrIp })) }),
            ...(v6.length > 0 && { Ipv6Ranges: v6.map((CidrIpv6) => ({ CidrIpv6 })) }),
          },
        ],
      },
      ctx.signal,
    )
    .catch((error: unknown) => {
      if (!isDuplicate(error)) throw error;
    });
  return id!;
}

async function sourcesOf(config: AmazonEbsConfig, ctx: ResourceContext): Promise<readonly string[]> {
  if (config.temporarySecurityGroupSourceCidrs) return config.temporarySecurityGroupSourceCidrs;
  if (config.temporarySecurityGroupSourcePublicIp === true) return [`${await ownAddress(ctx)}/32`];
  return [config.sshInterface === 'ipv6' ? '::/0' : '0.0.0.0/0'];
}

/** AWS's own service that says with which address one comes. */
const CHECK_IP = 'https://checkip.amazonaws.com';

async function ownAddress(ctx: ResourceContext): Promise<string> {
  const late = (): Error => new GoldsmithError('LAUNCH_FAILED', `${CHECK_IP} did not answer in 10 s`);
  return withinTime(ctx.clock, 10_000, ctx.signal, late, async (signal) => {
    const answer = await fetch(CHECK_IP, { signal });
    const address = (await answer.text()).trim();
    if (answer.ok && /^\d+\.\d+\.\d+\.\d+$/.test(address)) return address;
    throw new GoldsmithError('LAUNCH_FAILED', `${CHECK_IP} did not say this machine's public address`, {
      hint: 'give it as `temporarySecurityGroupSourceCidrs` instead',
    });
  });
}

function nothing(prop: string, what: string, api: Api): GoldsmithError {
  return new GoldsmithError('LAUNCH_FAILED', `\`${prop}\` matches no ${what} in ${api.region}`, {
    hint: 'see what is there with the `aws ec2 describe-…` command, and whether the filter is spelt right',
  });
}

/** One, several or none, as a list. */
export function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  return value === undefined ? [] : ([value].flat() as T[]);
}
