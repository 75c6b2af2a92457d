import type { PlatformExtension } from '../../extension/platform';
import { NAME_PLACE, PASSIVE_ACCESS, PUBLISH } from './prop-roles';
import { amazonChrootSchema, type AmazonChrootConfig, type AmazonChrootConfigProps } from './props/amazon-chroot-props';

/** amazon-chroot, as the engine finds it. */
export const amazonChroot: PlatformExtension<AmazonChrootConfigProps, AmazonChrootConfig> = {
  kind: 'platform',
  use: 'amazon-chroot',
  module: 'goldsmith/aws',
  schema: amazonChrootSchema,
  captureProps: [
    'amiDescription',
    'amiBlockDeviceMappings',
    'amiArchitecture',
    'bootMode',
    'uefiData',
    'tpmSupport',
    'rootDeviceName',
    'skipCreateAmi',
    'skipSaveBuildRegion',
    'enaSupport',
    'sriovSupport',
    'skipAmiRunTags',
    'imdsSupport',
  ],
  passiveProps: [...PASSIVE_ACCESS, 'commandWrapper', 'devicePath', 'nvmeDevicePath', 'mountPath'],
  publishProps: PUBLISH,
  nameProps: ['amiName'],
  namePlaceProps: NAME_PLACE,
  startsFrom: ['ami'],
  produces: ({ skipCreateAmi }) => (skipCreateAmi === true ? undefined : 'ami'),
  load: (ctx) => {
    const { AmazonChrootDriver } = require('./chroot/driver') as typeof import('./chroot/driver');
    return Promise.resolve(new AmazonChrootDriver(ctx.clock));
  },
};
