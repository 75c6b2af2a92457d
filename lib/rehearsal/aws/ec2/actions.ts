import { action, type Action } from '../call';
import { createTags, deleteTags, describeTags } from '../tags';
import * as endpoints from './connect-endpoints';
import * as fleet from './fleet';
import * as groups from './groups';
import * as changes from './image-changes';
import * as images from './images';
import * as imports from './imports';
import * as types from './instance-types';
import * as instances from './instances';
import * as keys from './keys';
import * as network from './network';
import { run } from './run';
import * as snapshots from './snapshots';
import * as spot from './spot-requests';
import * as templates from './templates';
import * as volumes from './volumes';

const PAGE = 'Filter MaxResults NextToken';
const PERMISSION =
  'GroupId GroupName IpPermissions CidrIp FromPort ToPort IpProtocol SourceSecurityGroupName SourceSecurityGroupOwnerId';

const LAUNCH = `AdditionalInfo BlockDeviceMapping CapacityReservationSpecification ClientToken CpuOptions CreditSpecification
  DisableApiStop DisableApiTermination EbsOptimized EnclaveOptions HibernationOptions IamInstanceProfile ImageId
  InstanceInitiatedShutdownBehavior InstanceMarketOptions InstanceType Ipv6AddressCount KeyName LaunchTemplate LicenseSpecification
  MaintenanceOptions MaxCount MetadataOptions MinCount Monitoring NetworkInterface Placement PrivateDnsNameOptions PrivateIpAddress
  SecurityGroup SecurityGroupId SubnetId TagSpecification UserData`;

/** What of EC2 the rehearsal knows: each action with the parameters that it may have. */
export const EC2: Readonly<Record<string, Action>> = {
  AttachVolume: action('Device InstanceId VolumeId', volumes.attach),
  AuthorizeSecurityGroupEgress: action(`${PERMISSION} TagSpecification`, groups.authorize('egress')),
  AuthorizeSecurityGroupIngress: action(`${PERMISSION} TagSpecification`, groups.authorize('ingress')),
  CancelImportTask: action('CancelReason ImportTaskId', imports.cancel),
  CancelSpotInstanceRequests: action('SpotInstanceRequestId', spot.cancel),
  CopyImage: action(
    'ClientToken CopyImageTags Description Encrypted KmsKeyId Name SnapshotCopyCompletionDurationMinutes SourceImageId SourceRegion TagSpecification',
    changes.copy,
  ),
  CopySnapshot: action(
    'CompletionDurationMinutes Description DestinationRegion Encrypted KmsKeyId PresignedUrl SourceRegion SourceSnapshotId TagSpecification',
    snapshots.copy,
  ),
  CreateFleet: action(
    'ClientToken Context ExcessCapacityTerminationPolicy LaunchTemplateConfigs OnDemandOptions ReplaceUnhealthyInstances SpotOptions TagSpecification TargetCapacitySpecification TerminateInstancesWithExpiration Type ValidFrom ValidUntil',
    fleet.create,
  ),
  CreateImage: action(
    'BlockDeviceMapping Description InstanceId Name NoReboot SnapshotLocation TagSpecification',
    images.create,
  ),
  CreateInstanceConnectEndpoint: action(
    'ClientToken IpAddressType PreserveClientIp SecurityGroupId SubnetId TagSpecification',
    endpoints.create,
  ),
  DeleteInstanceConnectEndpoint: action('InstanceConnectEndpointId', endpoints.remove),
  DescribeInstanceConnectEndpoints: action(`${PAGE} InstanceConnectEndpointId`, endpoints.describe),
  CreateKeyPair: action('KeyFormat KeyName KeyType TagSpecification', keys.create),
  CreateLaunchTemplate: action(
    'ClientToken LaunchTemplateData LaunchTemplateName TagSpecification VersionDescription',
    templates.create,
  ),
  CreateSecurityGroup: action('GroupDescription GroupName TagSpecification VpcId', groups.create),
  CreateSnapshot: action('Description Location TagSpecification VolumeId', snapshots.create),
  CreateSnapshots: action(
    'CopyTagsFromSource Description InstanceSpecification Location TagSpecification',
    snapshots.createAll,
  ),
  CreateTags: action('ResourceId Tag', createTags),
  CreateVolume: action(
    'AvailabilityZone ClientToken Encrypted Iops KmsKeyId MultiAttachEnabled Size SnapshotId TagSpecification Throughput VolumeType',
    volumes.create,
  ),
  DeleteKeyPair: action('KeyName KeyPairId', keys.remove),
  DeleteLaunchTemplate: action('LaunchTemplateId LaunchTemplateName', templates.remove),
  DeleteSecurityGroup: action('GroupId GroupName', groups.remove),
  DeleteSnapshot: action('SnapshotId', snapshots.remove),
  DeleteTags: action('ResourceId Tag', deleteTags),
  DeleteVolume: action('VolumeId', volumes.remove),
  DeregisterImage: action('DeleteAssociatedSnapshots ImageId', images.deregister),
  DescribeAvailabilityZones: action('AllAvailabilityZones Filter ZoneId ZoneName', network.describeZones),
  DescribeFastLaunchImages: action(`ImageId ${PAGE}`, changes.describeFastLaunch),
  DescribeImageAttribute: action('Attribute ImageId', changes.describeAttribute),
  DescribeImages: action(`ExecutableBy ImageId IncludeDeprecated IncludeDisabled Owner ${PAGE}`, images.describe),
  DescribeImportImageTasks: action('Filters ImportTaskId MaxResults NextToken', imports.describeImageTasks),
  DescribeImportSnapshotTasks: action('Filters ImportTaskId MaxResults NextToken', imports.describeSnapshotTasks),
  DescribeInstanceAttribute: action('Attribute InstanceId', instances.describeAttribute),
  DescribeInstanceStatus: action(`IncludeAllInstances InstanceId ${PAGE}`, instances.describeStatus),
  DescribeInstanceTypeOfferings: action(`LocationType ${PAGE}`, types.offerings),
  DescribeInstanceTypes: action(`InstanceType ${PAGE}`, types.describe),
  DescribeInstances: action(`InstanceId ${PAGE}`, instances.describe),
  DescribeKeyPairs: action('Filter IncludePublicKey KeyName KeyPairId', keys.describe),
  DescribeLaunchTemplates: action(`LaunchTemplateId LaunchTemplateName ${PAGE}`, templates.describe),
  DescribeRegions: action('AllRegions Filter RegionName', network.describeRegions),
  DescribeSecurityGroups: action(`GroupId GroupName ${PAGE}`, groups.describe),
  DescribeSnapshotAttribute: action('Attribute SnapshotId', snapshots.describeAttribute),
  DescribeSnapshots: action(`Owner RestorableBy SnapshotId ${PAGE}`, snapshots.describe),
  DescribeSpotInstanceRequests: action(`SpotInstanceRequestId ${PAGE}`, spot.describe),
  DescribeSpotPriceHistory: action(
    `AvailabilityZone EndTime InstanceType ProductDescription StartTime ${PAGE}`,
    spot.prices,
  ),
  DescribeSubnets: action(`SubnetId ${PAGE}`, network.describeSubnets),
  DescribeTags: action(PAGE, describeTags),
  DescribeVolumes: action(`VolumeId ${PAGE}`, volumes.describe),
  DescribeVpcs: action(`VpcId ${PAGE}`, network.describeVpcs),
  DetachVolume: action('Device Force InstanceId VolumeId', volumes.detach),
  DisableImageDeprecation: action('ImageId', changes.undeprecate),
  DisableImageDeregistrationProtection: action('ImageId', changes.unprotect),
  EnableFastLaunch: action(
    'ImageId LaunchTemplate MaxParallelLaunches ResourceType SnapshotConfiguration',
    changes.enableFastLaunch,
  ),
  EnableImageDeprecation: action('DeprecateAt ImageId', changes.deprecate),
  EnableImageDeregistrationProtection: action('ImageId WithCooldown', changes.protect),
  GetConsoleOutput: action('InstanceId Latest', instances.consoleOutput),
  GetPasswordData: action('InstanceId', instances.passwordData),
  ImportImage: action(
    'Architecture BootMode ClientData ClientToken Description DiskContainer Encrypted Hypervisor KmsKeyId LicenseSpecifications LicenseType Platform RoleName TagSpecification UsageOperation',
    imports.importImage,
  ),
  ImportKeyPair: action('KeyName PublicKeyMaterial TagSpecification', keys.take),
  ImportSnapshot: action(
    'ClientData ClientToken Description DiskContainer Encrypted KmsKeyId RoleName TagSpecification',
    imports.importSnapshot,
  ),
  ModifyImageAttribute: action(
    'Attribute Description ImageId ImdsSupport LaunchPermission OperationType OrganizationArn OrganizationalUnitArn ProductCode UserGroup UserId Value',
    changes.modify,
  ),
  ModifyInstanceAttribute: action(
    'Attribute BlockDeviceMapping DisableApiStop DisableApiTermination EbsOptimized EnaSupport GroupId InstanceId InstanceInitiatedShutdownBehavior InstanceType SourceDestCheck SriovNetSupport UserData Value',
    instances.modify,
  ),
  ModifySnapshotAttribute: action(
    'Attribute CreateVolumePermission OperationType SnapshotId UserGroup UserId',
    snapshots.modify,
  ),
  ModifyVolume: action('Iops MultiAttachEnabled Size Throughput VolumeId VolumeType', volumes.modify),
  RebootInstances: action('InstanceId', instances.rebootAll),
  RegisterImage: action(
    'Architecture BillingProduct BlockDeviceMapping BootMode Description EnaSupport ImageLocation ImdsSupport KernelId Name RamdiskId RootDeviceName SriovNetSupport TagSpecification TpmSupport UefiData VirtualizationType',
    images.register,
  ),
  RevokeSecurityGroupIngress: action(`${PERMISSION} SecurityGroupRuleId`, groups.revoke),
  RunInstances: action(LAUNCH, run, { checksFirst: true }),
  StartInstances: action('AdditionalInfo InstanceId', instances.startAll),
  StopInstances: action('Force Hibernate InstanceId SkipOsShutdown', instances.stopAll),
  TerminateInstances: action('Force InstanceId SkipOsShutdown', instances.terminateAll),
};
