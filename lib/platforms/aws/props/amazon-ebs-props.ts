import type { z } from 'zod';
import { props } from '../../../extension/props';
import { accessRules, accessShape, type AmazonAccessProps } from './access';
import { connectRules, connectShape, type AmazonConnectProps } from './instance-props';
import { copyRules, copyShape, type AmazonCopyProps } from './copy';
import { lifecycleRules, lifecycleShape, type AmazonLifecycleProps } from './lifecycle';
import { metadataShape, type AmazonMetadataProps } from './metadata';
import { namingRules, namingShape, type AmazonNamingProps } from './naming';
import { networkRules, networkShape, type AmazonNetworkProps } from './network';
import { runRules, runShape, type AmazonRunProps } from './run';
import { sharingRules, sharingShape, type AmazonSharingProps } from './sharing';
import { storageRules, storageShape, type AmazonStorageProps } from './storage';

/** What an amazon-ebs build's plan entry holds: the props of `AmazonEbsSource` but for what it starts from. */
export interface AmazonEbsConfigProps
  extends
    AmazonAccessProps,
    AmazonRunProps,
    AmazonNetworkProps,
    AmazonMetadataProps,
    AmazonStorageProps,
    AmazonNamingProps,
    AmazonSharingProps,
    AmazonCopyProps,
    AmazonLifecycleProps,
    AmazonConnectProps {}

/** Checks the props. */
export const amazonEbsSchema = props<AmazonEbsConfigProps>()(
  {
    ...connectShape,
    ...accessShape,
    ...runShape,
    ...networkShape,
    ...metadataShape,
    ...storageShape,
    ...namingShape,
    ...sharingShape,
    ...copyShape,
    ...lifecycleShape,
  },
  ...accessRules,
  ...runRules,
  ...networkRules,
  ...storageRules,
  ...namingRules,
  ...sharingRules,
  ...copyRules,
  ...lifecycleRules,
  ...connectRules,
);

/** The props as the driver gets them. */
export type AmazonEbsConfig = z.output<typeof amazonEbsSchema>;
