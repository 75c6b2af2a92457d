import type { PlatformExtension } from '../../extension/platform';
import { amazonEbsSchema, type AmazonEbsConfig, type AmazonEbsConfigProps } from './props/amazon-ebs-props';

/** amazon-ebs, as the engine finds it. */
export const amazonEbs: PlatformExtension<AmazonEbsConfigProps, AmazonEbsConfig> = {
  kind: 'platform',
  use: 'amazon-ebs',
  module: 'goldsmith/aws',
  schema: amazonEbsSchema,
  captureProps: [
    'amiDescription',
    'amiBlockDeviceMappings',
    'skipCreateAmi',
    'skipSaveBuildRegion',
    'enaSupport',
    'sriovSupport',
    'skipAmiRunTags',
    'imdsSupport',
  ],
  passiveProps: [
    // Who builds it and how it is reached shows nowhere in the image.
    'accessKey',
    'secretKey',
    'token',
    'profile',
    'sharedCredentialsFile',
    'mfaCode',
    'maxRetries',
    'insecureSkipTlsVerify',
    'skipCredentialValidation',
    'skipMetadataApiCheck',
    'decodeAuthorizationMessages',
    'awsPolling',
    'skipProfileValidation',
    'skipRegionValidation',
    'windowsPasswordTimeout',
    'addressTimeout',
    'temporaryKeyPairName',
    'temporarySecurityGroupSourceCidrs',
    'temporarySecurityGroupSourcePublicIp',
    'sshInterface',
    'forceDeregister',
    'forceDeleteSnapshot',
    'spotTags',
  ],
  publishProps: [
    'amiRegions',
    'regionKmsKeyIds',
    'snapshotCopyDurationMinutes',
    'amiUsers',
    'amiGroups',
    'amiOrgArns',
    'amiOuArns',
    'amiProductCodes',
    'snapshotUsers',
    'snapshotGroups',
    'tags',
    'snapshotTags',
    'deprecateAt',
    'deregistrationProtection',
    'fastLaunch',
  ],
  nameProps: ['amiName'],
  produces: ({ skipCreateAmi }) => (skipCreateAmi === true ? undefined : 'ami'),
  load: (ctx) => {
    const { AmazonEbsDriver } = require('./amazon-ebs-driver') as typeof import('./amazon-ebs-driver');
    return Promise.resolve(new AmazonEbsDriver(ctx.clock));
  },
};
