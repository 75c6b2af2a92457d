import type { FastLaunchLaunchTemplateSpecificationRequest } from '@aws-sdk/client-ec2';
import { GoldsmithError } from '../../../errors';
import type { ResourceContext } from '../../../extension/context';
import type { Api } from '../api/api';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { imageById } from './base';
import { requireImds } from './capture';
import { asTags, PUBLISHED, STATE } from './tags';

/** What of a config is said of an image that is made. */
export type DescribeConfig = Pick<
  AmazonEbsConfig,
  | 'tags'
  | 'snapshotTags'
  | 'imdsSupport'
  | 'deprecateAt'
  | 'deregistrationProtection'
  | 'fastLaunch'
  | 'amiUsers'
  | 'amiGroups'
  | 'amiOrgArns'
  | 'amiOuArns'
  | 'amiProductCodes'
  | 'snapshotUsers'
  | 'snapshotGroups'
>;

/**
 * Who may start from an image in one region, and how long it lives. All of it can be said twice.
 *
 * @returns the image's snapshots
 */
export async function describe(
  api: Api,
  ImageId: string,
  config: DescribeConfig,
  ctx: ResourceContext,
): Promise<readonly string[]> {
  const { signal } = ctx;
  const image = await imageById(api, ImageId);
  const snapshots = (image.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []);
  if ((config.imdsSupport ?? 'v2.0') === 'v2.0' && image.ImdsSupport !== 'v2.0') await requireImds(api, image, ctx);
  await share(api, ImageId, snapshots, config, ctx);
  if (config.deprecateAt !== undefined) {
    await api.call('ec2:EnableImageDeprecation', { ImageId, DeprecateAt: new Date(config.deprecateAt) }, signal);
  }
  const { enabled, withCooldown } = config.deregistrationProtection ?? {};
  if (enabled === true) {
    const request = { ImageId, ...(withCooldown === true && { WithCooldown: true }) };
    await api.call('ec2:EnableImageDeregistrationProtection', request, signal);
  }
  if (config.fastLaunch?.enableFastLaunch === true) await enableFastLaunch(api, ImageId, config.fastLaunch, ctx);
  const own = config.snapshotTags ?? {};
  if (Object.keys(own).length > 0 && snapshots.length > 0) {
    await api.soon('ec2:CreateTags', { Resources: snapshots, Tags: asTags(own) }, signal);
  }
  return snapshots;
}

/**
 * Gives an image and its snapshots the user's tags, and the one which says that they are no leftovers. Last, when all is done in all
 * regions: who looks for the tags finds an image that is shared already.
 */
export async function finish(
  api: Api,
  resources: readonly string[],
  { tags }: Pick<AmazonEbsConfig, 'tags'>,
  { signal }: ResourceContext,
): Promise<void> {
  const Tags = asTags({ ...tags, [STATE]: PUBLISHED });
  await api.soon('ec2:CreateTags', { Resources: [...resources], Tags }, signal);
}

async function share(
  api: Api,
  ImageId: string,
  snapshots: readonly string[],
  config: DescribeConfig,
  { signal }: ResourceContext,
): Promise<void> {
  const Add = [
    ...(config.amiUsers ?? []).map((UserId) => ({ UserId })),
    ...(config.amiGroups ?? []).map((Group) => ({ Group })),
    ...(config.amiOrgArns ?? []).map((OrganizationArn) => ({ OrganizationArn })),
    ...(config.amiOuArns ?? []).map((OrganizationalUnitArn) => ({ OrganizationalUnitArn })),
  ];
  if (Add.length > 0) await api.soon('ec2:ModifyImageAttribute', { ImageId, LaunchPermission: { Add } }, signal);
  const { amiProductCodes: codes = [], snapshotUsers: users = [], snapshotGroups: groups = [] } = config;
  if (codes.length > 0) {
    const request = { ImageId, Attribute: 'productCodes', OperationType: 'add' as const, ProductCodes: [...codes] };
    await api.call('ec2:ModifyImageAttribute', request, signal);
  }
  if (users.length === 0 && groups.length === 0) return;
  const CreateVolumePermission = {
    Add: [...users.map((UserId) => ({ UserId })), ...groups.map((Group) => ({ Group }))],
  };
  for (const SnapshotId of snapshots) {
    const Attribute = 'createVolumePermission' as const;
    await api.soon('ec2:ModifySnapshotAttribute', { SnapshotId, Attribute, CreateVolumePermission }, signal);
  }
}

/** Windows is started and set up once for each snapshot: Packer waits as long. */
const FAST_LAUNCH = 3_600_000;

type FastLaunch = NonNullable<AmazonEbsConfig['fastLaunch']>;

async function enableFastLaunch(api: Api, ImageId: string, wish: FastLaunch, ctx: ResourceContext): Promise<void> {
  const { signal } = ctx;
  const own = wish.regionLaunchTemplates?.find(({ region }) => region === api.region);
  if (own?.enableFastLaunch === false) return;
  const { templateId, templateName, templateVersion } = own ?? wish;
  const version = templateVersion === undefined ? '$Latest' : String(templateVersion);
  const template: FastLaunchLaunchTemplateSpecificationRequest | undefined =
    templateId !== undefined
      ? { LaunchTemplateId: templateId, Version: version }
      : templateName !== undefined
        ? { LaunchTemplateName: templateName, Version: version }
        : undefined;
  // Said again where it is on, it would be prepared anew.
  if ((await fastLaunchOf(api, ImageId, ctx)) === 'enabled') return;
  await api.soon(
    'ec2:EnableFastLaunch',
    {
      ImageId,
      ResourceType: 'snapshot',
      SnapshotConfiguration: { TargetResourceCount: wish.targetResourceCount ?? 5 },
      ...(wish.maxParallelLaunches !== undefined && { MaxParallelLaunches: wish.maxParallelLaunches }),
      ...(template && { LaunchTemplate: template }),
    },
    signal,
  );
  ctx.say(`waiting for the snapshots of fast launch of ${ImageId} in ${api.region}`);
  await ctx.poll(
    `fast launch of ${ImageId} in ${api.region}`,
    async () => ((await fastLaunchOf(api, ImageId, ctx)) === 'enabled' ? true : undefined),
    { timeout: FAST_LAUNCH, interval: 2_000, maxInterval: 30_000 },
  );
}

/** How far fast launch is; undefined where it was never asked for. */
async function fastLaunchOf(api: Api, ImageId: string, { signal }: ResourceContext): Promise<string | undefined> {
  const { FastLaunchImages = [] } = await api.call('ec2:DescribeFastLaunchImages', { ImageIds: [ImageId] }, signal);
  const { State, StateTransitionReason: why = 'AWS gives no reason' } = FastLaunchImages[0] ?? {};
  if (State !== 'enabling-failed' && State !== 'enabled-failed') return State;
  throw new GoldsmithError('CAPTURE_FAILED', `fast launch of ${ImageId} in ${api.region} is \`${State}\`: ${why}`, {
    hint: 'it starts instances of its own: are the quota, the default network and the launch template such that it may?',
  });
}
