import type { Artifact, ResourceRecord } from '../../../extension/artifact';
import type { ResourceContext } from '../../../extension/context';
import { asLocator } from '../api/access';
import type { Api } from '../api/api';
import { isDuplicate } from '../api/errors';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { imageOfName, untilAvailable } from './capture';
import type { DescribeConfig } from './describe';
import { ownTags, specify } from './tags';
import { USUALLY } from './waits';

/** What of a config says where an image goes, and what is said of it there. */
export type PublishConfig = DescribeConfig &
  Pick<
    AmazonEbsConfig,
    | 'amiRegions'
    | 'amiCopyAccounts'
    | 'regionKmsKeyIds'
    | 'snapshotCopyDurationMinutes'
    | 'encryptBoot'
    | 'amiDescription'
    | 'awsPolling'
    | 'skipSaveBuildRegion'
    | 'skipAmiRunTags'
    | 'runTags'
    | 'ssmParameter'
  >;

/** Gives the API of a region, as another role where one is named. */
export type Region = (name: string, role?: { readonly roleArn: string; readonly externalId?: string }) => Promise<Api>;

/** Copies an image, under the name that the artifact has. */
export async function copy(
  api: Api,
  from: { readonly region: string; readonly image: string },
  artifact: Pick<Artifact, 'outputs'>,
  config: PublishConfig,
  ctx: ResourceContext,
): Promise<ResourceRecord> {
  const name = String(artifact.outputs['name']);
  const key = config.regionKmsKeyIds?.[api.region];
  const resource = await ctx.acquire('amazon-ebs:image', asLocator(api.place, { name }), async (token) => {
    const tags = ownTags(ctx, token, config.skipAmiRunTags === true ? {} : config.runTags);
    try {
      const { ImageId } = await api.call('ec2:CopyImage', {
        Name: name,
        SourceRegion: from.region,
        SourceImageId: from.image,
        ClientToken: token,
        ...(config.amiDescription !== undefined && { Description: config.amiDescription }),
        ...(config.encryptBoot === true && { Encrypted: true }),
        ...(key !== undefined && key !== '' && { KmsKeyId: key }),
        ...(config.snapshotCopyDurationMinutes !== undefined && {
          SnapshotCopyCompletionDurationMinutes: config.snapshotCopyDurationMinutes,
        }),
        TagSpecifications: specify(tags, 'image', 'snapshot'),
      });
      return ImageId!;
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      return imageOfName(api, error, token, name);
    }
  });
  ctx.say(`copying ${from.image} to ${api.region}: ${resource.id!}`);
  await untilAvailable(api, resource.id!, USUALLY.copy, config, ctx);
  return resource;
}
