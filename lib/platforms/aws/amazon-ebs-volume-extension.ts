import type { PlatformExtension } from '../../extension/platform';
import { PASSIVE_ACCESS, PASSIVE_RUN } from './prop-roles';
import {
  amazonEbsVolumeSchema,
  type AmazonEbsVolumeConfig,
  type AmazonEbsVolumeConfigProps,
} from './props/amazon-ebs-volume-props';

/** What stands in the props of volumes only as runVolumeTags: of what is kept here. */
const KEPT = new Set<string>(['runVolumeTags']);

/** amazon-ebsvolume, as the engine finds it. */
export const amazonEbsVolume: PlatformExtension<AmazonEbsVolumeConfigProps, AmazonEbsVolumeConfig> = {
  kind: 'platform',
  use: 'amazon-ebsvolume',
  module: 'goldsmith/aws',
  schema: amazonEbsVolumeSchema,
  passiveProps: [...PASSIVE_ACCESS, ...PASSIVE_RUN].filter((name) => !KEPT.has(name)),
  startsFrom: ['ami'],
  produces: () => 'ebs-volumes',
  load: (ctx) => {
    const { AmazonEbsDriver } = require('./amazon-ebs-driver') as typeof import('./amazon-ebs-driver');
    const { VOLUMES_ONLY } = require('./driver/ebs-volumes') as typeof import('./driver/ebs-volumes');
    return Promise.resolve(new AmazonEbsDriver(ctx.clock, VOLUMES_ONLY));
  },
};
