import type { Body, Call } from '../call';
import { AwsError } from '../errors';
import { filtered, paged } from '../filters';

/** A type of instance. */
export interface InstanceType {
  readonly name: string;
  readonly vcpus: number;
  /** MiB. */
  readonly memory: number;
  readonly architectures: readonly string[];
  /** Whether it runs on the Nitro system, whose network needs ENA. */
  readonly nitro: boolean;
  readonly tags: ReadonlyMap<string, string>;
}

/** Sizes of burstable types: virtual processors and MiB. https://aws.amazon.com/ec2/instance-types/t3/ */
const BURSTABLE: Readonly<Record<string, readonly [number, number]>> = {
  nano: [2, 512],
  micro: [2, 1024],
  small: [2, 2048],
  medium: [2, 4096],
  large: [2, 8192],
  xlarge: [4, 16384],
  '2xlarge': [8, 32768],
};

/** Virtual processors of the sizes of all other types: https://aws.amazon.com/ec2/instance-types/ */
const SIZES: Readonly<Record<string, number>> = {
  large: 2,
  xlarge: 4,
  '2xlarge': 8,
  '4xlarge': 16,
  '8xlarge': 32,
  '12xlarge': 48,
  '16xlarge': 64,
  '24xlarge': 96,
};

/** GiB for each virtual processor. */
const FAMILIES: Readonly<Record<string, number>> = {
  m5: 4,
  m5a: 4,
  m6i: 4,
  m6a: 4,
  m6g: 4,
  m7i: 4,
  m7a: 4,
  m7g: 4,
  m8g: 4,
  c5: 2,
  c5a: 2,
  c6i: 2,
  c6a: 2,
  c6g: 2,
  c7i: 2,
  c7a: 2,
  c7g: 2,
  c8g: 2,
  r5: 8,
  r5a: 8,
  r6i: 8,
  r6a: 8,
  r6g: 8,
  r7i: 8,
  r7a: 8,
  r7g: 8,
  r8g: 8,
};

const TYPES: ReadonlyMap<string, InstanceType> = new Map([
  ...['t2', 't3', 't3a', 't4g'].flatMap((family) =>
    Object.entries(BURSTABLE).map(([size, [vcpus, memory]]) =>
      entry(family, size, family === 't2' && memory <= 2048 ? 1 : vcpus, memory),
    ),
  ),
  ...Object.entries(FAMILIES).flatMap(([family, gigabytes]) =>
    Object.entries(SIZES).map(([size, vcpus]) => entry(family, size, vcpus, vcpus * gigabytes * 1024)),
  ),
]);

function entry(family: string, size: string, vcpus: number, memory: number): readonly [string, InstanceType] {
  const name = `${family}.${size}`;
  const arm = /^[a-z]\d+g$/.test(family);
  const architectures = arm ? ['arm64'] : family === 't2' ? ['i386', 'x86_64'] : ['x86_64'];
  return [name, { name, vcpus, memory, architectures, nitro: family !== 't2', tags: new Map() }];
}

/** A type by name. */
export function typeOf(name: string): InstanceType {
  const type = TYPES.get(name);
  if (type) return type;
  throw new AwsError('InvalidParameterValue', `Invalid value '${name}' for InstanceType.`);
}

/** DescribeInstanceTypes. */
export function describe(call: Call): Body {
  const names = call.params.list('InstanceType');
  const unknown = names.filter((name) => !TYPES.has(name));
  if (unknown.length > 0) {
    throw new AwsError(
      'InvalidInstanceType',
      `The following supplied instance types do not exist: [${unknown.join(', ')}]`,
    );
  }
  const chosen = [...TYPES.values()].filter(({ name }) => names.length === 0 || names.includes(name));
  const found = filtered(call, chosen, {
    'instance-type': ({ name }) => name,
    'processor-info.supported-architecture': ({ architectures }) => architectures,
    'vcpu-info.default-vcpus': ({ vcpus }) => vcpus,
    'memory-info.size-in-mib': ({ memory }) => memory,
    'current-generation': () => true,
    hypervisor: ({ nitro }) => (nitro ? 'nitro' : 'xen'),
    'bare-metal': () => false,
  });
  const { page, nextToken } = paged(call, found);
  return {
    instanceTypeSet: page.map(({ name, vcpus, memory, architectures, nitro }) => ({
      instanceType: name,
      currentGeneration: nitro,
      freeTierEligible: name === 't3.micro' || name === 't2.micro',
      supportedUsageClasses: ['on-demand', 'spot'],
      supportedRootDeviceTypes: ['ebs'],
      supportedVirtualizationTypes: ['hvm'],
      bareMetal: false,
      hypervisor: nitro ? 'nitro' : 'xen',
      processorInfo: { supportedArchitectures: architectures },
      vCpuInfo: { defaultVCpus: vcpus },
      memoryInfo: { sizeInMiB: memory },
      instanceStorageSupported: false,
      networkInfo: { enaSupport: nitro ? 'required' : 'unsupported', ipv6Supported: true },
      supportedBootModes: architectures.includes('arm64') ? ['uefi'] : ['legacy-bios', 'uefi'],
      burstablePerformanceSupported: name.startsWith('t'),
    })),
    nextToken,
  };
}

/** DescribeInstanceTypeOfferings: every type is offered everywhere. */
export function offerings(call: Call): Body {
  const locationType =
    call.params.oneOf('LocationType', ['region', 'availability-zone', 'availability-zone-id']) ?? 'region';
  const places =
    locationType === 'region'
      ? [call.region]
      : call.world.subnets.of(call).map(({ zone, zoneId }) => (locationType === 'availability-zone' ? zone : zoneId));
  const rows = [...TYPES.values()].flatMap((type) => places.map((location) => ({ ...type, location })));
  const found = filtered(call, rows, { 'instance-type': ({ name }) => name, location: ({ location }) => location });
  const { page, nextToken } = paged(call, found);
  return {
    instanceTypeOfferingSet: page.map(({ name, location }) => ({ instanceType: name, locationType, location })),
    nextToken,
  };
}
