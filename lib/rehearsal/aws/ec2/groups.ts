import type { Body, Call } from '../call';
import { AwsError, invalidValue } from '../errors';
import { filtered, paged } from '../filters';
import { fixedId } from '../ids';
import type { Params } from '../protocol/params';
import type { Answer } from '../protocol/xml';
import { checkTagTypes, tagSet, tagsFor } from '../tags';
import type { Group, Rule } from '../types';
import { defaultVpc } from './network';

/** CreateSecurityGroup. */
export function create(call: Call): Body {
  const { world, params } = call;
  const name = params.need('GroupName');
  const description = params.need('GroupDescription');
  checkTagTypes(params, ['security-group']);
  const given = params.text('VpcId');
  const vpc = given === undefined ? defaultVpc(call) : world.vpcs.get(call, given);
  if (name.startsWith('sg-')) throw invalidValue('groupName', name, 'Group names may not be in the format sg-*.');
  const taken = world.groups.all().some((one) => one.vpc === vpc.id && one.name === name);
  if (taken) {
    throw new AwsError('InvalidGroup.Duplicate', `The security group '${name}' already exists for VPC '${vpc.id}'`);
  }
  const entity = world.entity(call, 'sg', tagsFor(params, 'security-group'));
  const out: Rule = {
    id: fixedId('sgr', `${entity.id} out`),
    protocol: '-1',
    from: undefined,
    to: undefined,
    cidr: '0.0.0.0/0',
  };
  const group = world.groups.add({ ...entity, name, description, vpc: vpc.id, ingress: [], egress: [out] });
  world.inventory.created({
    cloud: 'aws',
    kind: 'security group',
    id: group.id,
    region: group.region,
    detail: name,
    createdAt: call.now,
    lasts: false,
  });
  return { groupId: group.id, tagSet: tagSet(group.tags), securityGroupArn: arnOf(group) };
}

/** DeleteSecurityGroup: not while something uses it. */
export function remove(call: Call): Body {
  const { world } = call;
  const group = groupOf(call);
  if (group.name === 'default') {
    throw new AwsError(
      'CannotDelete',
      `the specified group: "${group.id}" name: "default" cannot be deleted by a user`,
    );
  }
  const used = world.instances.all().some((one) => one.groups.includes(group.id) && one.state !== 'terminated');
  const named = world.groups
    .all()
    .some((one) => one !== group && [...one.ingress, ...one.egress].some((rule) => rule.group === group.id));
  if (used || named) throw new AwsError('DependencyViolation', `resource ${group.id} has a dependent object`);
  world.groups.delete(group.id);
  world.inventory.deleted(group.id, call.now);
  return { return: true, groupId: group.id };
}

/** DescribeSecurityGroups. */
export function describe(call: Call): Body {
  const { world, params } = call;
  const ids = params.list('GroupId');
  const names = params.list('GroupName');
  const own = world.groups.of(call);
  for (const name of names) {
    if (!own.some((one) => one.name === name)) {
      throw new AwsError('InvalidGroup.NotFound', `The security group '${name}' does not exist`);
    }
  }
  const chosen =
    ids.length > 0
      ? ids.map((id) => world.groups.get(call, id))
      : own.filter(({ name }) => names.length === 0 || names.includes(name));
  const found = filtered(call, chosen, {
    'group-id': ({ id }) => id,
    'group-name': ({ name }) => name,
    'vpc-id': ({ vpc }) => vpc,
    'owner-id': ({ account }) => account,
    description: ({ description }) => description,
    'ip-permission.cidr': ({ ingress }) => ingress.map(({ cidr }) => cidr),
    'ip-permission.from-port': ({ ingress }) => ingress.map(({ from }) => from),
    'ip-permission.to-port': ({ ingress }) => ingress.map(({ to }) => to),
    'ip-permission.protocol': ({ ingress }) => ingress.map(({ protocol }) => protocol),
  });
  const { page, nextToken } = paged(call, found);
  return { securityGroupInfo: page.map(view), nextToken };
}

/** AuthorizeSecurityGroupIngress and -Egress. */
export function authorize(side: 'ingress' | 'egress') {
  return (call: Call): Body => {
    const group = groupOf(call);
    checkTagTypes(call.params, ['security-group-rule']);
    const rules = rulesOf(call);
    for (const rule of rules) {
      if (group[side].some((one) => same(one, rule))) {
        throw new AwsError(
          'InvalidPermission.Duplicate',
          `the specified rule "peer: ${rule.cidr ?? rule.cidr6 ?? rule.group ?? ''}, ${rule.protocol}, from port: ${rule.from ?? -1}, to port: ${rule.to ?? -1}, ALLOW" already exists`,
        );
      }
    }
    group[side] = [...group[side], ...rules];
    return {
      return: true,
      securityGroupRuleSet: rules.map((rule) => ({
        securityGroupRuleId: rule.id,
        groupId: group.id,
        groupOwnerId: group.account,
        isEgress: side === 'egress',
        ipProtocol: rule.protocol,
        fromPort: rule.from ?? -1,
        toPort: rule.to ?? -1,
        cidrIpv4: rule.cidr,
        cidrIpv6: rule.cidr6,
        description: rule.description,
      })),
    };
  };
}

/** RevokeSecurityGroupIngress. */
export function revoke(call: Call): Body {
  const group = groupOf(call);
  const ids = call.params.list('SecurityGroupRuleId');
  const rules = ids.length > 0 ? [] : rulesOf(call);
  const kept = group.ingress.filter((rule) => !ids.includes(rule.id) && !rules.some((one) => same(one, rule)));
  if (kept.length === group.ingress.length) {
    throw new AwsError('InvalidPermission.NotFound', 'The specified rule does not exist in this security group.');
  }
  group.ingress = kept;
  return { return: true };
}

/** Whether a group lets a TCP port in, from anywhere: on loopback nobody has the address that a rule would name. */
export function letsIn(group: Group, port: number): boolean {
  return group.ingress.some(
    ({ protocol, from, to, cidr, cidr6 }) =>
      (cidr !== undefined || cidr6 !== undefined) &&
      (protocol === '-1' || (protocol === 'tcp' && (from ?? 0) <= port && port <= (to ?? 65535))),
  );
}

function groupOf(call: Call): Group {
  const { world, params } = call;
  const id = params.text('GroupId');
  if (id !== undefined) return world.groups.get(call, id);
  const name = params.text('GroupName');
  if (name === undefined)
    throw new AwsError('MissingParameter', 'The request must contain the parameter GroupName or GroupId');
  const group = world.groups.of(call).find((one) => one.name === name);
  if (group) return group;
  throw new AwsError('InvalidGroup.NotFound', `The security group '${name}' does not exist`);
}

function rulesOf(call: Call): Rule[] {
  const { params } = call;
  const given = params.structs('IpPermissions');
  const rules = given.length > 0 ? given.flatMap((one) => permission(call, one)) : [flat(call)];
  if (rules.length === 0)
    throw new AwsError('InvalidParameterValue', 'A rule needs a source: a range of addresses or a group');
  return rules;
}

/** The older form: one range of addresses, right in the call. */
function flat(call: Call): Rule {
  const { params } = call;
  const { protocol, from, to } = portsOf(params);
  return { id: `sgr-${call.world.dice.hex(17)}`, protocol, from, to, cidr: checkCidr(params.need('CidrIp')) };
}

function permission(call: Call, params: Params): Rule[] {
  const ports = portsOf(params);
  const rule = (source: Partial<Rule>): Rule => ({ id: `sgr-${call.world.dice.hex(17)}`, ...ports, ...source });
  return [
    ...params
      .structs('IpRanges')
      .map((one) => rule({ cidr: checkCidr(one.need('CidrIp')), description: one.text('Description') })),
    ...params
      .structs('Ipv6Ranges')
      .map((one) => rule({ cidr6: one.need('CidrIpv6'), description: one.text('Description') })),
    ...params
      .structs('Groups')
      .map((one) =>
        rule({ group: call.world.groups.get(call, one.need('GroupId')).id, description: one.text('Description') }),
      ),
  ];
}

function portsOf(params: Params): Pick<Rule, 'protocol' | 'from' | 'to'> {
  const protocol =
    { '6': 'tcp', '17': 'udp', '1': 'icmp' }[params.need('IpProtocol')] ?? params.need('IpProtocol').toLowerCase();
  if (!/^(tcp|udp|icmp|icmpv6|-1|\d+)$/.test(protocol))
    throw new AwsError('InvalidPermission.Malformed', `Invalid value '${protocol}' for IP protocol. Unknown protocol.`);
  const from = params.whole('FromPort');
  const to = params.whole('ToPort');
  if (protocol === 'tcp' || protocol === 'udp') {
    if (from === undefined || to === undefined) {
      throw new AwsError('MissingParameter', 'The request must contain the parameters FromPort and ToPort');
    }
    if (from < 0 || to > 65535 || from > to)
      throw invalidValue('fromPort', `${from}-${to}`, 'Invalid TCP/UDP port range.');
  }
  return { protocol, from, to };
}

function checkCidr(cidr: string): string {
  const [, address = '', bits = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(cidr) ?? [];
  const bytes = address.split('.').map(Number);
  if (bytes.length === 4 && bytes.every((byte) => byte <= 255) && bits !== '' && Number(bits) <= 32) return cidr;
  throw new AwsError('InvalidParameterValue', `CIDR block ${cidr} is malformed`);
}

function same(a: Rule, b: Rule): boolean {
  const print = ({ protocol, from, to, cidr, cidr6, group }: Rule): string =>
    JSON.stringify([protocol, from, to, cidr, cidr6, group]);
  return print(a) === print(b);
}

function view(group: Group): Body {
  return {
    groupId: group.id,
    groupName: group.name,
    groupDescription: group.description,
    ownerId: group.account,
    vpcId: group.vpc,
    tagSet: tagSet(group.tags),
    securityGroupArn: arnOf(group),
    ipPermissions: group.ingress.map((rule) => ruleView(rule, group)),
    ipPermissionsEgress: group.egress.map((rule) => ruleView(rule, group)),
  };
}

function ruleView({ protocol, from, to, cidr, cidr6, group, description }: Rule, { account }: Group): Answer {
  return {
    ipProtocol: protocol,
    fromPort: from,
    toPort: to,
    groups: group === undefined ? [] : [{ groupId: group, userId: account, description }],
    ipRanges: cidr === undefined ? [] : [{ cidrIp: cidr, description }],
    ipv6Ranges: cidr6 === undefined ? [] : [{ cidrIpv6: cidr6, description }],
    prefixListIds: [],
  };
}

function arnOf({ region, account, id }: Group): string {
  return `arn:aws:ec2:${region}:${account}:security-group/${id}`;
}
