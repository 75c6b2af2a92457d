import { z } from 'zod';
import { asset, atMostOne, duration, text, textMap, type Rule } from '../../../extension/props';
import type { Text } from '../../../plan/late';

/** A statement of an IAM policy, with IAM's own names. */
export interface PolicyStatement {
  /** `Allow` or `Deny`. */
  readonly Effect: 'Allow' | 'Deny';
  /** Actions such as `s3:GetObject`. */
  readonly Action: readonly string[];
  /** ARNs, or `*`. */
  readonly Resource: readonly string[];
}

/** An IAM policy, with IAM's own names. */
export interface PolicyDocument {
  /** Version of the policy language. @default '2012-10-17' */
  readonly Version?: string;
  /** What is allowed. */
  readonly Statement: readonly PolicyStatement[];
}

/** Where in AWS's houses the instance runs. */
export interface Placement {
  /** `default`, `dedicated` or `host`. @default 'default' */
  readonly tenancy?: 'default' | 'dedicated' | 'host';
  /** Id of a dedicated host; implies `host`. @default - any */
  readonly hostId?: string;
  /** ARN of a group of hosts; implies `host`. @default - none */
  readonly hostResourceGroupArn?: string;
}

/** The instance that is built on. Packer's RunConfig. */
export interface AmazonRunProps {
  /**
   * Type of the instance, such as `t3.small`; of several the next is taken where AWS has no room for one, in any of the subnets and
   * zones. Needed, unless `spotInstanceTypes` are given.
   * @default - `spotInstanceTypes`
   */
  readonly instanceType?: Text | readonly Text[];
  /** Types to try as spot instances, in order. @default - no spot instance, unless `spotPrice` is given */
  readonly spotInstanceTypes?: readonly Text[];
  /** The most to pay an hour for a spot instance, in US dollars; `auto` is the price on demand. @default - `auto` where spot is asked for */
  readonly spotPrice?: Text;
  /** Takes an instance of `instanceType` on demand where there is no spot instance of any type. @default false */
  readonly spotFallback?: boolean;
  /**
   * How EC2 chooses among `spotInstanceTypes` and places: by CreateFleet with a launch template, as Packer does. Without it they are tried
   * in their order, which needs neither.
   * @default - in their order
   */
  readonly spotAllocationStrategy?:
    | 'lowest-price'
    | 'diversified'
    | 'capacity-optimized'
    | 'capacity-optimized-prioritized'
    | 'price-capacity-optimized';
  /** Tags of the fleet; spot instances are then asked for by CreateFleet. @default - none */
  readonly fleetTags?: Readonly<Record<string, Text>>;
  /** Tags of the spot request. @default - `runTags` */
  readonly spotTags?: Readonly<Record<string, Text>>;
  /** Zones to try in order, such as `eu-west-1a`. @default - AWS chooses */
  readonly availabilityZone?: Text | readonly Text[];
  /** Optimised for EBS, where that is no matter of course for the type. @default false */
  readonly ebsOptimized?: boolean;
  /** What happens when the machine shuts itself down. @default 'stop' */
  readonly shutdownBehavior?: 'stop' | 'terminate';
  /** A step stops the instance itself: it is only waited for. @default false */
  readonly disableStopInstance?: boolean;
  /** Lets burstable types go on above their baseline, which is charged. @default - the type's own */
  readonly enableUnlimitedCredits?: boolean;
  /** Makes Nitro enclaves possible. @default false */
  readonly enableNitroEnclave?: boolean;
  /** Name of an instance profile that is there already. @default - none */
  readonly iamInstanceProfile?: Text;
  /** Does not look whether `iamInstanceProfile` is there. @default false */
  readonly skipProfileValidation?: boolean;
  /** A policy: for the build a role and instance profile are made that allow it. @default - none */
  readonly temporaryIamInstanceProfilePolicyDocument?: PolicyDocument;
  /** User data, as text. Goldsmith's own (a host key to be pinned) is left out then. @default - goldsmith's own */
  readonly userData?: Text;
  /** User data from a file. @default - see `userData` */
  readonly userDataFile?: Text;
  /** Tags of the instance, its volumes and network interface, of temporary things, and of the image unless `skipAmiRunTags`. @default - goldsmith's own only */
  readonly runTags?: Readonly<Record<string, Text>>;
  /** Tags of the instance's volumes. @default - `runTags` */
  readonly runVolumeTags?: Readonly<Record<string, Text>>;
  /** ARNs of license configurations. @default - none */
  readonly licenseSpecifications?: readonly string[];
  /** Whether a capacity reservation may be used. @default 'none' */
  readonly capacityReservationPreference?: 'none' | 'open';
  /** Capacity reservation to use. @default - none */
  readonly capacityReservationId?: Text;
  /** Resource group of capacity reservations to use. @default - none */
  readonly capacityReservationGroupArn?: Text;
  /** Tenancy and hosts. @default - shared */
  readonly placement?: Placement;
  /** How long Windows may take until its password is there. @default '20m' */
  readonly windowsPasswordTimeout?: string;
}

const oneOrMore = z.union([text(), z.array(text()).min(1)]);

/** Schemas of {@link AmazonRunProps}. */
export const runShape = {
  instanceType: oneOrMore.optional(),
  spotInstanceTypes: z.array(text()).min(1).optional(),
  spotPrice: text().optional(),
  spotFallback: z.boolean().optional(),
  spotAllocationStrategy: z
    .enum([
      'lowest-price',
      'diversified',
      'capacity-optimized',
      'capacity-optimized-prioritized',
      'price-capacity-optimized',
    ])
    .optional(),
  fleetTags: textMap().optional(),
  spotTags: textMap().optional(),
  availabilityZone: oneOrMore.optional(),
  ebsOptimized: z.boolean().optional(),
  shutdownBehavior: z.enum(['stop', 'terminate']).optional(),
  disableStopInstance: z.boolean().optional(),
  enableUnlimitedCredits: z.boolean().optional(),
  enableNitroEnclave: z.boolean().optional(),
  iamInstanceProfile: text().optional(),
  skipProfileValidation: z.boolean().optional(),
  temporaryIamInstanceProfilePolicyDocument: z
    .strictObject({
      Version: z.string().optional(),
      Statement: z
        .array(
          z.strictObject({
            Effect: z.enum(['Allow', 'Deny']),
            Action: z.array(z.string()).min(1),
            Resource: z.array(z.string()).min(1),
          }),
        )
        .min(1),
    })
    .optional(),
  userData: text().optional(),
  userDataFile: asset('file').optional(),
  runTags: textMap().optional(),
  runVolumeTags: textMap().optional(),
  licenseSpecifications: z.array(z.string()).optional(),
  capacityReservationPreference: z.enum(['none', 'open']).optional(),
  capacityReservationId: text().optional(),
  capacityReservationGroupArn: text().optional(),
  placement: z
    .strictObject({
      tenancy: z.enum(['default', 'dedicated', 'host']).optional(),
      hostId: z.string().optional(),
      hostResourceGroupArn: z.string().optional(),
    })
    .optional(),
  windowsPasswordTimeout: duration().optional(),
} as const;

/** Whether a spot instance is asked for. */
export function wantsSpot(given: { readonly spotPrice?: unknown; readonly spotInstanceTypes?: unknown }): boolean {
  const { spotPrice, spotInstanceTypes } = given;
  return spotInstanceTypes !== undefined || (spotPrice !== undefined && spotPrice !== '' && spotPrice !== '0');
}

const hasType: Rule = ({ instanceType, spotInstanceTypes }) =>
  instanceType === undefined && spotInstanceTypes === undefined
    ? 'one of `instanceType`, `spotInstanceTypes` is needed, none is given'
    : undefined;

const spotRule: Rule = (given) => {
  const { spotTags, spotFallback, spotAllocationStrategy, fleetTags, enableNitroEnclave, instanceType, spotPrice } =
    given;
  if (!wantsSpot(given)) {
    const idle = Object.entries({ spotTags, spotFallback, spotAllocationStrategy, fleetTags }).find(
      ([, value]) => value !== undefined,
    );
    return idle && `\`${idle[0]}\` is for spot instances: give \`spotPrice\` or \`spotInstanceTypes\``;
  }
  if (enableNitroEnclave === true) return '`enableNitroEnclave` is not possible with spot instances';
  if (spotFallback === true && instanceType === undefined)
    return '`spotFallback` needs `instanceType`: what to take on demand';
  if (typeof spotPrice === 'string' && !/^(auto|0|\d*\.?\d+)$/.test(spotPrice))
    return `\`spotPrice\` is \`${spotPrice}\`, and must be \`auto\` or US dollars such as \`0.05\``;
  return undefined;
};

/** Whether spot instances are asked for by a fleet. */
export function wantsFleet(given: {
  readonly spotAllocationStrategy?: unknown;
  readonly fleetTags?: unknown;
}): boolean {
  return given.spotAllocationStrategy !== undefined || given.fleetTags !== undefined;
}

const burstable: Rule = ({ enableUnlimitedCredits, enableNitroEnclave, instanceType }) => {
  const types = [instanceType].flat().filter((type): type is string => typeof type === 'string');
  const other = types.find((type) => !/^t\d/.test(type));
  if (enableUnlimitedCredits === true && other !== undefined)
    return `\`enableUnlimitedCredits\` is for burstable types (t2, t3, t3a, t4g), and \`${other}\` is none`;
  const small = types.find((type) => /^t\d/.test(type));
  return enableNitroEnclave === true && small !== undefined
    ? `\`enableNitroEnclave\` is not possible with burstable types such as \`${small}\``
    : undefined;
};

const tenancyRule: Rule = ({ placement }) => {
  const { tenancy, hostId, hostResourceGroupArn } = (placement ?? {}) as Placement;
  return tenancy !== undefined && tenancy !== 'host' && (hostId ?? hostResourceGroupArn) !== undefined
    ? `\`placement.tenancy\` is \`${tenancy}\`, but a host is named, which means \`host\``
    : undefined;
};

const reservation: Rule = ({ capacityReservationPreference: wish, ...given }) => {
  const target = ['capacityReservationId', 'capacityReservationGroupArn'].find((name) => given[name] !== undefined);
  return wish === 'open' && target !== undefined
    ? `at most one of \`capacityReservationPreference\`, \`${target}\` may be given`
    : undefined;
};

/** What must hold between {@link AmazonRunProps}. */
export const runRules: readonly Rule[] = [
  hasType,
  spotRule,
  burstable,
  tenancyRule,
  reservation,
  atMostOne('userData', 'userDataFile'),
  atMostOne('iamInstanceProfile', 'temporaryIamInstanceProfilePolicyDocument'),
  atMostOne('capacityReservationId', 'capacityReservationGroupArn'),
];
