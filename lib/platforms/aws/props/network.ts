import { z } from 'zod';
import { atMostOne, duration, text, textMap, type Rule } from '../../../extension/props';
import type { Text } from '../../../plan/late';

/** Finds a VPC or security groups. */
export interface NetworkFilter {
  /** Filters of the Describe call, by name, such as `tag:Name`; a comma separates several values. */
  readonly filters: Readonly<Record<string, Text>>;
}

/** Finds a subnet. */
export interface SubnetFilter extends NetworkFilter {
  /** Of several, takes the one with the most free addresses. @default false */
  readonly mostFree?: boolean;
  /** Of several, takes any. @default false */
  readonly random?: boolean;
}

/** Where the instance is in the network, and how it is reached. Packer's RunConfig. */
export interface AmazonNetworkProps {
  /** VPC of the temporary security group. @default - the subnet's, or the region's default VPC */
  readonly vpcId?: Text;
  /** Finds the VPC: exactly one must match. @default - see `vpcId` */
  readonly vpcFilter?: NetworkFilter;
  /** Subnet; of several the next is taken where AWS has no room in one. @default - the default VPC's */
  readonly subnetId?: Text | readonly Text[];
  /** Finds the subnet. Where several match and neither `mostFree` nor `random` is set, it is an error. @default - see `subnetId` */
  readonly subnetFilter?: SubnetFilter;
  /** Security group that is there already. @default - a temporary one */
  readonly securityGroupId?: Text;
  /** Security groups that are there already. @default - a temporary one */
  readonly securityGroupIds?: readonly Text[];
  /** Finds security groups. @default - a temporary one */
  readonly securityGroupFilter?: NetworkFilter;
  /** Who may connect, by the temporary security group. @default - `0.0.0.0/0`; `::/0` with `sshInterface: 'ipv6'` */
  readonly temporarySecurityGroupSourceCidrs?: readonly Text[];
  /** Only this machine's own public address may connect: it is asked for at checkip.amazonaws.com. @default false */
  readonly temporarySecurityGroupSourcePublicIp?: boolean;
  /** Whether the instance gets a public IPv4 address. @default - the subnet's setting */
  readonly associatePublicIpAddress?: boolean;
  /**
   * Which of the instance's addresses is connected to; `session_manager` goes by Systems Manager's agent instead, which needs neither an
   * address nor an open port, and `instance_connect` lends the instance the key for each login.
   * @default - the public one; where there is none, the private one
   */
  readonly sshInterface?:
    'public_ip' | 'private_ip' | 'public_dns' | 'private_dns' | 'ipv6' | 'session_manager' | 'instance_connect';
  /** With `session_manager`, a port of this machine that leads to the instance's too, for other tools. @default - none; any, with WinRM */
  readonly sessionManagerPort?: number;
  /** With `session_manager`, waits so long before the agent is asked for. @default - no pause */
  readonly pauseBeforeSsm?: string;
  /** With `instance_connect`, the EC2 Instance Connect Endpoint that leads to the instance's private address. @default - none */
  readonly instanceConnectEndpointId?: Text;
  /** Name of a key pair in EC2 whose private key `communicator` names. @default - a temporary key pair */
  readonly sshKeypairName?: Text;
  /** Name of the temporary key pair. @default - goldsmith's own */
  readonly temporaryKeyPairName?: Text;
  /** How long the address may take until it is there. @default '5m' */
  readonly addressTimeout?: string;
}

const filter = { filters: textMap() };

/** Schemas of {@link AmazonNetworkProps}. */
export const networkShape = {
  vpcId: text().optional(),
  vpcFilter: z.strictObject(filter).optional(),
  subnetId: z.union([text(), z.array(text()).min(1)]).optional(),
  subnetFilter: z
    .strictObject({ ...filter, mostFree: z.boolean().optional(), random: z.boolean().optional() })
    .optional(),
  securityGroupId: text().optional(),
  securityGroupIds: z.array(text()).min(1).optional(),
  securityGroupFilter: z.strictObject(filter).optional(),
  temporarySecurityGroupSourceCidrs: z.array(text()).min(1).optional(),
  temporarySecurityGroupSourcePublicIp: z.boolean().optional(),
  associatePublicIpAddress: z.boolean().optional(),
  sshInterface: z
    .enum(['public_ip', 'private_ip', 'public_dns', 'private_dns', 'ipv6', 'session_manager', 'instance_connect'])
    .optional(),
  sessionManagerPort: z.number().int().min(1).max(65535).optional(),
  pauseBeforeSsm: duration().optional(),
  instanceConnectEndpointId: text().optional(),
  sshKeypairName: text().optional(),
  temporaryKeyPairName: text().optional(),
  addressTimeout: duration().optional(),
} as const;

const groups = ['securityGroupId', 'securityGroupIds', 'securityGroupFilter'] as const;

const temporaryGroup: Rule = (given) => {
  const own = groups.find((name) => given[name] !== undefined);
  const idle = ['temporarySecurityGroupSourceCidrs', 'temporarySecurityGroupSourcePublicIp'].find(
    (name) => given[name] !== undefined && given[name] !== false,
  );
  return own !== undefined && idle !== undefined
    ? `\`${idle}\` is for a temporary security group, and \`${own}\` names one that is there`
    : undefined;
};

const keyPair: Rule = ({ sshKeypairName, communicator }) => {
  if (sshKeypairName === undefined) return undefined;
  const { privateKeyFile, agentAuth } = (communicator ?? {}) as { privateKeyFile?: unknown; agentAuth?: unknown };
  return privateKeyFile === undefined && agentAuth !== true
    ? '`sshKeypairName` needs its private key: `communicator: ssh({ privateKeyFile })`, or `agentAuth: true`'
    : undefined;
};

const cidrRule: Rule = ({ temporarySecurityGroupSourceCidrs: cidrs }) => {
  const wrong = (Array.isArray(cidrs) ? (cidrs as unknown[]) : []).find(
    (cidr) => typeof cidr === 'string' && !/^[0-9a-f.:]+\/\d{1,3}$/i.test(cidr),
  );
  return wrong === undefined
    ? undefined
    : `\`temporarySecurityGroupSourceCidrs\` has \`${wrong as string}\`, and takes networks such as \`203.0.113.7/32\``;
};

/** What belongs to one way to connect only. */
const wayRule: Rule = (given) => {
  const way = given['sshInterface'];
  for (const [name, needed] of [
    ['sessionManagerPort', 'session_manager'],
    ['pauseBeforeSsm', 'session_manager'],
    ['instanceConnectEndpointId', 'instance_connect'],
  ] as const) {
    if (given[name] !== undefined && way !== needed) return `\`${name}\` is for \`sshInterface: '${needed}'\``;
  }
  return undefined;
};

/** What makes no sense where no address is connected to. */
const throughRule: Rule = (given) => {
  const { sshInterface: way, communicator } = given;
  const isSession = way === 'session_manager';
  const hasTunnel = isSession || given['instanceConnectEndpointId'] !== undefined;
  const wanted = (communicator ?? {}) as Readonly<Record<string, unknown>>;
  const idle = ['host', 'proxy', 'bastion', 'bastions'].find((name) => wanted[name] !== undefined);
  if (hasTunnel && idle !== undefined) {
    return `\`communicator.${idle}\` is for a connection to an address, and \`sshInterface\` is \`${String(way)}\``;
  }
  const open = ['temporarySecurityGroupSourceCidrs', 'temporarySecurityGroupSourcePublicIp'].find(
    (name) => given[name] !== undefined && given[name] !== false,
  );
  return isSession && open !== undefined
    ? `\`${open}\` lets somebody in, and with \`sshInterface: 'session_manager'\` nobody comes in`
    : undefined;
};

/** EC2 Instance Connect lends SSH keys, of files or temporary ones. */
const lentKey: Rule = ({ sshInterface, communicator, sshKeypairName, temporaryKeyPairName }) => {
  if (sshInterface !== 'instance_connect') return undefined;
  const wanted = (communicator ?? {}) as {
    readonly type?: unknown;
    readonly agentAuth?: unknown;
    readonly password?: unknown;
  };
  if (wanted.type === 'winrm') return "`sshInterface: 'instance_connect'` is for SSH, and `communicator` is WinRM";
  const other =
    (wanted.agentAuth === true && 'communicator.agentAuth') ||
    (wanted.password !== undefined && 'communicator.password') ||
    (sshKeypairName !== undefined && 'sshKeypairName') ||
    (temporaryKeyPairName !== undefined && 'temporaryKeyPairName');
  return other === false || other === undefined
    ? undefined
    : `\`${other}\` is of no use with \`sshInterface: 'instance_connect'\`, which lends the instance a key for each login`;
};

/** What must hold between {@link AmazonNetworkProps}. */
export const networkRules: readonly Rule[] = [
  atMostOne('vpcId', 'vpcFilter'),
  atMostOne('subnetId', 'subnetFilter'),
  atMostOne(...groups),
  atMostOne('temporarySecurityGroupSourceCidrs', 'temporarySecurityGroupSourcePublicIp'),
  atMostOne('sshKeypairName', 'temporaryKeyPairName'),
  temporaryGroup,
  keyPair,
  cidrRule,
  wayRule,
  throughRule,
  lentKey,
];
