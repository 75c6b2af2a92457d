import type { PlatformExtension } from '../../extension/platform';
import { NAME_PLACE, PASSIVE_ACCESS, PASSIVE_RUN, PUBLISH } from './prop-roles';
import {
  amazonEbsSurrogateSchema,
  type AmazonEbsSurrogateConfig,
  type AmazonEbsSurrogateConfigProps,
} from './props/amazon-ebs-surrogate-props';

/** amazon-ebssurrogate, as the engine finds it. */
export const amazonEbsSurrogate: PlatformExtension<AmazonEbsSurrogateConfigProps, AmazonEbsSurrogateConfig> = {
  kind: 'platform',
  use: 'amazon-ebssurrogate',
  module: 'goldsmith/aws',
  schema: amazonEbsSurrogateSchema,
  captureProps: [
    'amiDescription',
    'amiBlockDeviceMappings',
    'amiRootDevice',
    'amiArchitecture',
    'bootMode',
    'uefiData',
    'tpmSupport',
    'snapshotDescription',
    'useCreateImage',
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
    const { SURROGATE } = require('./driver/surrogate') as typeof import('./driver/surrogate');
    return Promise.resolve(new AmazonEbsDriver(ctx.clock, SURROGATE));
  },
};
