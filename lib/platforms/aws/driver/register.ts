import type { BlockDeviceMapping, RegisterImageCommandInput } from '@aws-sdk/client-ec2';
import type { ResourceRecord } from '../../../extension/artifact';
import type { ResourceContext } from '../../../extension/context';
import { asLocator } from '../api/access';
import type { Api } from '../api/api';
import { isDuplicate } from '../api/errors';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import type { AmazonRegisterProps } from '../props/register';
import { ownImage } from './capture';
import { ownTags, specify } from './tags';

type Given<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** What of a config says how an image is registered. */
export type RegisterConfig = Given<AmazonRegisterProps> &
  Pick<
    AmazonEbsConfig,
    'amiDescription' | 'enaSupport' | 'sriovSupport' | 'imdsSupport' | 'skipAmiRunTags' | 'runTags' | 'awsPolling'
  >;

/** Registers an image whose volumes are snapshots. The API has no token for this: an earlier try is told by the name. */
export function registerImage(
  api: Api,
  name: string,
  root: string,
  devices: readonly BlockDeviceMapping[],
  config: RegisterConfig,
  ctx: ResourceContext,
): Promise<ResourceRecord> {
  return ctx.acquire('amazon-ebs:image', asLocator(api.place, { name }), async (token) => {
    const tags = ownTags(ctx, token, config.skipAmiRunTags === true ? {} : config.runTags);
    const request: RegisterImageCommandInput = {
      Name: name,
      ...(config.amiDescription !== undefined && { Description: config.amiDescription }),
      Architecture: config.amiArchitecture ?? 'x86_64',
      VirtualizationType: 'hvm',
      RootDeviceName: root,
      BlockDeviceMappings: [...devices],
      EnaSupport: config.enaSupport ?? true,
      ...(config.sriovSupport === true && { SriovNetSupport: 'simple' }),
      ...(config.bootMode !== undefined && { BootMode: config.bootMode }),
      ...(config.uefiData !== undefined && { UefiData: config.uefiData }),
      ...(config.tpmSupport !== undefined && { TpmSupport: config.tpmSupport }),
      ...((config.imdsSupport ?? 'v2.0') === 'v2.0' && { ImdsSupport: 'v2.0' as const }),
      TagSpecifications: specify(tags, 'image'),
    };
    try {
      return (await api.call('ec2:RegisterImage', request)).ImageId!;
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      return ownImage(api, token, name);
    }
  });
}
