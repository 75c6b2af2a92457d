import type { z } from 'zod';
import { props } from '../../../extension/props';
import { accessRules, accessShape, type AmazonAccessProps } from './access';
import { copyRules, copyShape, type AmazonCopyProps } from './copy';
import { connectRules, connectShape, type AmazonConnectProps } from './instance-props';
import { lifecycleRules, lifecycleShape, type AmazonLifecycleProps } from './lifecycle';
import { metadataShape, type AmazonMetadataProps } from './metadata';
import { namingRules, namingShape, type AmazonNamingProps } from './naming';
import { networkRules, networkShape, type AmazonNetworkProps } from './network';
import { registerRules, registerShape, type AmazonRegisterProps } from './register';
import { runRules, runShape, type AmazonRunProps } from './run';
import { sharingRules, sharingShape, type AmazonSharingProps } from './sharing';
import { storageRules } from './storage';
import { surrogateStorageRules, surrogateStorageShape, type AmazonSurrogateStorageProps } from './surrogate-storage';

/** What an amazon-ebssurrogate build's plan entry holds: the props of `AmazonEbsSurrogateSource` but for what it starts from. */
export interface AmazonEbsSurrogateConfigProps
  extends
    AmazonAccessProps,
    AmazonRunProps,
    AmazonNetworkProps,
    AmazonMetadataProps,
    AmazonSurrogateStorageProps,
    AmazonRegisterProps,
    AmazonNamingProps,
    AmazonSharingProps,
    AmazonCopyProps,
    AmazonLifecycleProps,
    AmazonConnectProps {}

/** Checks the props. */
export const amazonEbsSurrogateSchema = props<AmazonEbsSurrogateConfigProps>()(
  {
    ...connectShape,
    ...accessShape,
    ...runShape,
    ...networkShape,
    ...metadataShape,
    ...surrogateStorageShape,
    ...registerShape,
    ...namingShape,
    ...sharingShape,
    ...copyShape,
    ...lifecycleShape,
  },
  ...accessRules,
  ...runRules,
  ...networkRules,
  ...storageRules,
  ...surrogateStorageRules,
  ...registerRules,
  ...namingRules,
  ...sharingRules,
  ...copyRules,
  ...lifecycleRules,
  ...connectRules,
);

/** The props as the driver gets them. */
export type AmazonEbsSurrogateConfig = z.output<typeof amazonEbsSurrogateSchema>;
