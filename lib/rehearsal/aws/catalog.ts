import type { BaseChoice } from '../machines/base-choice';
import type { Origin } from '../machines/computer';
import { fixedId } from './ids';
import { EVERYWHERE, type Caller } from './table';
import type { BlockDevice, Image } from './types';
import type { World } from './world';

/** A public image as every region has it. */
export interface PublicImage {
  readonly name: string;
  /** Account of its owner. */
  readonly owner: string;
  readonly alias?: string;
  readonly description: string;
  readonly rootDevice: string;
  readonly architecture: string;
  readonly created: string;
  /** Gigabytes. */
  readonly size: number;
  readonly bootMode: string;
  /** Where its id is not one of its own in each region. */
  readonly id?: string;
  readonly platform?: 'windows';
  /** SSM parameters that name it. */
  readonly parameters: readonly string[];
}

/** The public images, and what their machines start from. */
export interface Catalog {
  readonly images: readonly PublicImage[];
  /** Texts that every account has from the beginning: SecureStrings of the parameter store, and secrets. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  baseOf(image: PublicImage, id: string): BaseChoice;
}

/** Accounts that publish images: Canonical's, Debian's and Amazon's own pages name them. */
const CANONICAL = '099720109477';
const DEBIAN = '136693071363';
const AMAZON = '137112412989';

const ARCHITECTURES = [
  { ami: 'x86_64', debian: 'amd64', bootMode: 'uefi-preferred' },
  { ami: 'arm64', debian: 'arm64', bootMode: 'uefi' },
] as const;

const LINUX: readonly PublicImage[] = ARCHITECTURES.flatMap(({ ami, debian, bootMode }): PublicImage[] => [
  {
    name: `ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-${debian}-server-20261101`,
    owner: CANONICAL,
    description: `Canonical, Ubuntu, 24.04, ${debian} noble image`,
    rootDevice: '/dev/sda1',
    architecture: ami,
    created: '2026-11-01T07:11:32.000Z',
    size: 8,
    bootMode,
    parameters: [`/aws/service/canonical/ubuntu/server/24.04/stable/current/${debian}/hvm/ebs-gp3/ami-id`],
  },
  {
    name: `debian-12-${debian}-20261103-2282`,
    owner: DEBIAN,
    description: 'Debian 12 (20261103-2282)',
    rootDevice: '/dev/xvda',
    architecture: ami,
    created: '2026-11-03T21:06:04.000Z',
    size: 8,
    bootMode,
    parameters: [`/aws/service/debian/release/12/latest/${debian}`],
  },
  {
    name: `al2023-ami-2023.9.20261105.0-kernel-6.12-${ami}`,
    owner: AMAZON,
    alias: 'amazon',
    description: `Amazon Linux 2023 AMI 2023.9.20261105.0 ${ami} HVM kernel-6.12`,
    rootDevice: '/dev/xvda',
    architecture: ami,
    created: '2026-11-05T19:30:21.000Z',
    size: 8,
    bootMode,
    parameters: [
      `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${ami}`,
      `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.12-${ami}`,
    ],
  },
]);

/** Windows, as Amazon publishes it: docs.aws.amazon.com/ec2/latest/windows-ami-reference/windows-amis.html */
const WINDOWS: PublicImage = {
  name: 'Windows_Server-2022-English-Full-Base-2026.11.12',
  owner: '801119661308',
  alias: 'amazon',
  description: 'Microsoft Windows Server 2022 Full Locale English AMI provided by Amazon',
  rootDevice: '/dev/sda1',
  architecture: 'x86_64',
  created: '2026-11-12T04:11:09.000Z',
  size: 30,
  bootMode: 'uefi',
  platform: 'windows',
  parameters: ['/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base'],
};

/** One image each of Ubuntu, Debian, Amazon Linux and Windows, under names of the form that their publishers give. */
export const PUBLIC_IMAGES: readonly PublicImage[] = [...LINUX, WINDOWS];

const ZONES = ['a', 'b', 'c'] as const;

/** What an account finds in a region: the public images, a default network with a subnet a zone, and its default security group. */
export function furnish(world: World, caller: Caller, catalog: Catalog): void {
  for (const image of catalog.images) addImage(world, caller.region, image, catalog);
  const { account, region } = caller;
  for (const kind of ['parameters', 'secrets'] as const) {
    for (const [name, value] of Object.entries(catalog[kind] ?? {})) {
      const key = `${account} ${region} ${name}`;
      const one = { name, type: 'SecureString', value, version: 1, modified: 0, account, region };
      if (!world[kind].has(key)) world[kind].set(key, one);
    }
  }
  const base = { region, account, createdAt: 0, visibleAt: 0 };
  const vpc = fixedId('vpc', `${account} ${region}`);
  world.vpcs.add({ ...base, id: vpc, tags: new Map(), cidr: '172.31.0.0/16', isDefault: true });
  for (const [index, zone] of ZONES.entries()) {
    world.subnets.add({
      ...base,
      id: fixedId('subnet', `${account} ${region} ${zone}`),
      tags: new Map(),
      vpc,
      cidr: `172.31.${index * 16}.0/20`,
      zone: `${region}${zone}`,
      zoneId: `${zoneGroup(region)}-az${index + 1}`,
      isDefault: true,
    });
  }
  const id = fixedId('sg', `${account} ${region}`);
  const open = { id: fixedId('sgr', `${account} ${region}`), protocol: '-1', from: undefined, to: undefined };
  world.groups.add({
    ...base,
    id,
    tags: new Map(),
    name: 'default',
    description: 'default VPC security group',
    vpc,
    ingress: [{ ...open, group: id }],
    egress: [{ ...open, id: fixedId('sgr', `${account} ${region} out`), cidr: '0.0.0.0/0' }],
  });
}

/** `eu-west-1` is `euw1` in the ids of its zones. */
export function zoneGroup(region: string): string {
  const [area = '', side = '', number = ''] = region.split('-');
  const short = side.replace(/(north|south)(east|west)/, (_all, a: string, b: string) => a[0]! + b[0]!);
  return `${area}${short.length > 2 ? short[0]! : short}${number}`;
}

/** The id that a public image has in a region. */
export function idOf(image: PublicImage, region: string): string {
  return image.id ?? fixedId('ami', `${region} ${image.name}`);
}

function addImage(world: World, region: string, image: PublicImage, catalog: Catalog): void {
  const id = idOf(image, region);
  if (world.images.find(id)) return;
  const createdAt = Date.parse(image.created);
  const base = { region: image.id === undefined ? region : EVERYWHERE, account: image.owner, createdAt, visibleAt: 0 };
  const snapshot = fixedId('snap', `${base.region} ${image.name}`);
  const choice = catalog.baseOf(image, id);
  const origin: Origin =
    choice.kind === 'windows'
      ? { kind: 'windows', disk: undefined, generalized: false }
      : { kind: 'base', base: choice };
  world.snapshots.add({
    ...base,
    id: snapshot,
    tags: new Map(),
    state: 'completed',
    progress: 100,
    volume: 'vol-ffffffff',
    size: image.size,
    description: `snapshot of image ${image.name}`,
    encrypted: false,
    kmsKey: undefined,
    permissions: [{ group: 'all' }],
    origin: Promise.resolve(origin),
  });
  const devices: BlockDevice[] = [
    {
      device: image.rootDevice,
      snapshot,
      size: image.size,
      type: 'gp3',
      iops: 3000,
      throughput: 125,
      encrypted: false,
      deleteOnTermination: true,
    },
  ];
  const row: Image = {
    ...base,
    id,
    tags: new Map(),
    state: 'available',
    name: image.name,
    description: image.description,
    architecture: image.architecture,
    rootDevice: image.rootDevice,
    devices,
    ...(image.alias !== undefined && { alias: image.alias }),
    platform: image.platform,
    enaSupport: true,
    sriovNetSupport: 'simple',
    bootMode: image.bootMode,
    imdsSupport: image.owner === AMAZON ? 'v2.0' : undefined,
    deprecationTime: undefined,
    protection: 'disabled',
    permissions: [{ group: 'all' }],
  };
  world.images.add(row);
}
