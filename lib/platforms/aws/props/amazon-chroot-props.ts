import type { z } from 'zod';
import { props } from '../../../extension/props';
import { accessRules, accessShape, type AmazonAccessProps } from './access';
import { chrootRules, chrootShape, type AmazonChrootMountProps } from './chroot-props';
import { copyRules, copyShape, type AmazonCopyProps } from './copy';
import { lifecycleRules, lifecycleShape, type AmazonLifecycleProps } from './lifecycle';
import { metadataShape } from './metadata';
import { namingRules, namingShape, type AmazonNamingProps } from './naming';
import { registerRules, registerShape, type AmazonRegisterProps } from './register';
import { sharingRules, sharingShape, type AmazonSharingProps } from './sharing';
import { storageRules, storageShape, type BlockDevice } from './storage';

/** What an amazon-chroot build's plan entry holds: the props of `AmazonChrootSource` but for what it starts from. */
export interface AmazonChrootConfigProps
  extends
    AmazonAccessProps,
    AmazonChrootMountProps,
    AmazonRegisterProps,
    AmazonNamingProps,
    AmazonSharingProps,
    AmazonCopyProps,
    AmazonLifecycleProps {
  /** Volumes of the image, instead of the base's; the root among them gets the snapshot. @default - the base's */
  readonly amiBlockDeviceMappings?: readonly BlockDevice[];
  /** With `v2.0`, instances that start from the image require IMDSv2; `inherit` leaves what is. @default 'v2.0' */
  readonly imdsSupport?: 'v2.0' | 'inherit';
}

/** Checks the props. */
export const amazonChrootSchema = props<AmazonChrootConfigProps>()(
  {
    ...accessShape,
    ...chrootShape,
    ...registerShape,
    ...namingShape,
    ...sharingShape,
    ...copyShape,
    ...lifecycleShape,
    amiBlockDeviceMappings: storageShape.amiBlockDeviceMappings,
    imdsSupport: metadataShape.imdsSupport,
  },
  ...accessRules,
  ...chrootRules,
  ...registerRules,
  ...storageRules,
  ...namingRules,
  ...sharingRules,
  ...copyRules,
  ...lifecycleRules,
);

/** The props as the driver gets them. */
export type AmazonChrootConfig = z.output<typeof amazonChrootSchema>;
