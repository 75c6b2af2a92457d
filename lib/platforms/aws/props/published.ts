import type { Rule } from '../../../extension/props';
import { accessRules, accessShape, type AmazonAccessProps } from './access';
import { copyRules, copyShape, type AmazonCopyProps } from './copy';
import { lifecycleRules, lifecycleShape, type AmazonLifecycleProps } from './lifecycle';
import { metadataShape, type AmazonMetadataProps } from './metadata';
import { namingRules, namingShape, type AmazonNamingProps } from './naming';
import { sharingRules, sharingShape, type AmazonSharingProps } from './sharing';

/** What is said of an image that no instance was needed for: where it is made, its name, where it goes and who may use it. */
export interface AmazonPublishedProps
  extends
    AmazonAccessProps,
    Omit<AmazonNamingProps, 'skipAmiRunTags'>,
    AmazonSharingProps,
    Omit<AmazonCopyProps, 'skipSaveBuildRegion' | 'skipCreateAmi'>,
    Omit<AmazonLifecycleProps, 'enaSupport' | 'sriovSupport'>,
    Pick<AmazonMetadataProps, 'imdsSupport'> {}

const { skipAmiRunTags: _tags, ...naming } = namingShape;
const { skipSaveBuildRegion: _save, skipCreateAmi: _create, ...copying } = copyShape;
const { enaSupport: _ena, sriovSupport: _sriov, ...lifecycle } = lifecycleShape;

/** Schemas of {@link AmazonPublishedProps}. */
export const publishedShape = {
  ...accessShape,
  ...naming,
  ...sharingShape,
  ...copying,
  ...lifecycle,
  imdsSupport: metadataShape.imdsSupport,
} as const;

/** What must hold between {@link AmazonPublishedProps}. */
export const publishedRules: readonly Rule[] = [
  ...accessRules,
  ...namingRules,
  ...sharingRules,
  ...copyRules,
  ...lifecycleRules,
];
