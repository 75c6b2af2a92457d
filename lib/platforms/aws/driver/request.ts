import { readFile } from 'node:fs/promises';
import type { Image, RunInstancesCommandInput, _InstanceType } from '@aws-sdk/client-ec2';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { wantsSpot } from '../props/run';
import { launchDevices } from './devices';
import { hostKeyData, type MachineKeys } from './keys';
import { listOf, type Network, type Spot } from './network';
import { asTags, specify } from './tags';

/** What RunInstances is asked for, but for what differs from try to try. */
export interface Wanted {
  readonly image: Image;
  readonly network: Network;
  readonly keys: MachineKeys;
  readonly keyName: string | undefined;
  readonly profile: string | undefined;
}

/** One try: a type, on the spot market or not, in one place. */
export interface Try {
  readonly type: string;
  readonly spot: boolean;
  readonly where: Spot;
}

/** All tries in their order: the first type everywhere, then the next. */
export function triesOf(config: AmazonEbsConfig, spots: readonly Spot[]): readonly Try[] {
  const onDemand = listOf(config.instanceType);
  const wantsOne = wantsSpot(config);
  const first = wantsOne ? (config.spotInstanceTypes ?? onDemand) : onDemand;
  const rest = wantsOne && config.spotFallback === true ? onDemand : [];
  return [
    ...first.flatMap((type) => spots.map((where) => ({ type, spot: wantsOne, where }))),
    ...rest.flatMap((type) => spots.map((where) => ({ type, spot: false, where }))),
  ];
}

/** The request of one try. */
export async function requestOf(
  config: AmazonEbsConfig,
  { image, network, keys, keyName, profile }: Wanted,
  { type, spot, where }: Try,
  tags: ReturnType<typeof asTags>,
): Promise<RunInstancesCommandInput> {
  const devices = launchDevices(config, image);
  const data = await userDataOf(config, keys);
  const volumes = [
    ...tags.filter(({ Key = '' }) => !(Key in (config.runVolumeTags ?? {}))),
    ...asTags(config.runVolumeTags ?? {}),
  ];
  const requests = [
    ...tags.filter(({ Key = '' }) => !(Key in (config.spotTags ?? {}))),
    ...asTags(config.spotTags ?? {}),
  ];
  const { httpEndpoint, httpTokens, httpPutResponseHopLimit, instanceMetadataTags } = config.metadataOptions ?? {};
  return {
    ImageId: image.ImageId!,
    InstanceType: type as _InstanceType,
    MinCount: 1,
    MaxCount: 1,
    ...placeOf(config, network, where),
    ...(devices.length > 0 && { BlockDeviceMappings: devices }),
    ...(keyName !== undefined && { KeyName: keyName }),
    ...(profile !== undefined && { IamInstanceProfile: { Name: profile } }),
    ...(data !== undefined && { UserData: data }),
    ...(config.ebsOptimized === true && { EbsOptimized: true }),
    ...(config.enableUnlimitedCredits === true && { CreditSpecification: { CpuCredits: 'unlimited' } }),
    ...(config.enableNitroEnclave === true && { EnclaveOptions: { Enabled: true } }),
    ...(config.licenseSpecifications && {
      LicenseSpecifications: config.licenseSpecifications.map((arn) => ({ LicenseConfigurationArn: arn })),
    }),
    MetadataOptions: {
      HttpEndpoint: httpEndpoint ?? 'enabled',
      HttpTokens: httpTokens ?? 'required',
      HttpPutResponseHopLimit: httpPutResponseHopLimit ?? 1,
      ...(instanceMetadataTags !== undefined && { InstanceMetadataTags: instanceMetadataTags }),
    },
    ...(spot
      ? { InstanceMarketOptions: { MarketType: 'spot', SpotOptions: spotOptions(config) } }
      : { InstanceInitiatedShutdownBehavior: config.shutdownBehavior ?? 'stop', ...reservationOf(config) }),
    TagSpecifications: [
      ...specify(tags, 'instance', 'network-interface'),
      ...specify(volumes, 'volume'),
      ...(spot ? specify(requests, 'spot-instances-request') : []),
    ],
  };
}

function spotOptions({ spotPrice }: AmazonEbsConfig): {
  SpotInstanceType: 'one-time';
  InstanceInterruptionBehavior: 'terminate';
  MaxPrice?: string;
} {
  const capped = spotPrice !== undefined && !['auto', '', '0'].includes(spotPrice);
  return {
    SpotInstanceType: 'one-time',
    InstanceInterruptionBehavior: 'terminate',
    ...(capped && { MaxPrice: spotPrice }),
  };
}

function reservationOf(config: AmazonEbsConfig): Pick<RunInstancesCommandInput, 'CapacityReservationSpecification'> {
  const { capacityReservationId: id, capacityReservationGroupArn: group, capacityReservationPreference: wish } = config;
  if (id !== undefined) {
    return { CapacityReservationSpecification: { CapacityReservationTarget: { CapacityReservationId: id } } };
  }
  if (group !== undefined) {
    const CapacityReservationTarget = { CapacityReservationResourceGroupArn: group };
    return { CapacityReservationSpecification: { CapacityReservationTarget } };
  }
  return { CapacityReservationSpecification: { CapacityReservationPreference: wish ?? 'none' } };
}

function placeOf(
  config: AmazonEbsConfig,
  { groups }: Network,
  { subnet, zone }: Spot,
): Partial<RunInstancesCommandInput> {
  const { associatePublicIpAddress, sshInterface, placement } = config;
  const Groups = [...groups];
  const needsInterface = associatePublicIpAddress !== undefined || sshInterface === 'ipv6';
  const { tenancy, hostId, hostResourceGroupArn } = placement ?? {};
  const Placement = {
    ...(zone !== undefined && { AvailabilityZone: zone }),
    ...(tenancy !== undefined && { Tenancy: tenancy }),
    ...(hostId !== undefined && { HostId: hostId, Tenancy: 'host' as const }),
    ...(hostResourceGroupArn !== undefined && { HostResourceGroupArn: hostResourceGroupArn }),
  };
  return {
    ...(Object.keys(Placement).length > 0 && { Placement }),
    ...(needsInterface
      ? {
          NetworkInterfaces: [
            {
              DeviceIndex: 0,
              DeleteOnTermination: true,
              ...(associatePublicIpAddress !== undefined && { AssociatePublicIpAddress: associatePublicIpAddress }),
              ...(sshInterface === 'ipv6' && { Ipv6AddressCount: 1 }),
              ...(subnet !== undefined && { SubnetId: subnet }),
              ...(Groups.length > 0 && { Groups }),
            },
          ],
        }
      : {
          ...(subnet !== undefined && { SubnetId: subnet }),
          ...(Groups.length > 0 && { SecurityGroupIds: Groups }),
        }),
  };
}

/** In base64, as the API wants it; what is base64 already stays as it is, as with Packer. */
async function userDataOf(
  { userData, userDataFile }: AmazonEbsConfig,
  { host }: MachineKeys,
): Promise<string | undefined> {
  const own = host === undefined ? undefined : Buffer.from(hostKeyData(host));
  const bytes =
    userData !== undefined ? Buffer.from(userData) : userDataFile !== undefined ? await readFile(userDataFile) : own;
  if (bytes === undefined) return undefined;
  const text = bytes.toString('latin1').trim();
  const isEncoded = text.length % 4 === 0 && text.length > 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
  return isEncoded ? text : bytes.toString('base64');
}
