import type { PlatformExtension } from '../../extension/platform';
import { NAME_PLACE, PASSIVE_ACCESS, PASSIVE_RUN, PUBLISH } from './prop-roles';
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
  passiveProps: [...PASSIVE_ACCESS, ...PASSIVE_RUN],
  publishProps: PUBLISH,
  nameProps: ['amiName'],
  namePlaceProps: NAME_PLACE,
  startsFrom: ['ami'],
  produces: ({ skipCreateAmi }) => (skipCreateAmi === true ? undefined : 'ami'),
  load: (ctx) => {
    const { AmazonEbsDriver } = require('./amazon-ebs-driver') as typeof import('./amazon-ebs-driver');
    return Promise.resolve(new AmazonEbsDriver(ctx.clock));
  },
};
