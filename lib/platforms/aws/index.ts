export { amazonEbs } from './amazon-ebs-extension';
export { AmazonEbsSource, type AmazonEbsSourceProps } from './amazon-ebs-source';
export { amazonChroot } from './amazon-chroot-extension';
export { AmazonChrootSource, type AmazonChrootSourceProps } from './amazon-chroot-source';
export { amazonEbsSurrogate } from './amazon-ebs-surrogate-extension';
export { AmazonEbsSurrogateSource, type AmazonEbsSurrogateSourceProps } from './amazon-ebs-surrogate-source';
export { amazonEbsVolume } from './amazon-ebs-volume-extension';
export { AmazonEbsVolumeSource, type AmazonEbsVolumeSourceProps } from './amazon-ebs-volume-source';
export {
  amazonEbsDirect,
  AmazonEbsDirectPostProcessor,
  type AmazonEbsDirectPostProcessorProps,
} from './amazon-ebs-direct';
export { amazonImport, AmazonImportPostProcessor, type AmazonImportPostProcessorProps } from './amazon-import';
export { AmazonSource } from './amazon-source';
export { AmazonImage, type AmazonImageLookup } from './amazon-image';
export {
  AmazonLookup,
  type AmazonImageValues,
  type SecretVersionValues,
  type SsmParameterValues,
} from './amazon-lookup';
export { amazonAmi, amazonParameterStore, amazonSecretsManager } from './values/lookups';
export { amazonParameterStoreSecret, amazonSecretsManagerSecret } from './values/secrets';
export type { AmazonAccessProps, AssumeRole, AwsPolling } from './props/access';
export type { AmazonEbsConfig, AmazonEbsConfigProps } from './props/amazon-ebs-props';
export type { AmazonChrootConfig, AmazonChrootConfigProps } from './props/amazon-chroot-props';
export type { AmazonChrootMountProps } from './props/chroot-props';
export type { AmazonEbsSurrogateConfig, AmazonEbsSurrogateConfigProps } from './props/amazon-ebs-surrogate-props';
export type { AmazonEbsVolumeConfig, AmazonEbsVolumeConfigProps, EbsVolume } from './props/amazon-ebs-volume-props';
export type { AmazonEbsDirectConfig, AmazonEbsDirectConfigProps } from './props/amazon-ebs-direct-props';
export type { AmazonImportConfig, AmazonImportConfigProps } from './props/amazon-import-props';
export type { AmazonPublishedProps } from './props/published';
export type { AmazonConnectProps } from './props/instance-props';
export type { AmazonRegisterProps } from './props/register';
export type { AmazonSurrogateStorageProps, AmiRootDevice, SurrogateDevice } from './props/surrogate-storage';
export type { AmazonCopyProps, AmiCopyAccount } from './props/copy';
export type { AmazonLifecycleProps, DeregistrationProtection, FastLaunch, FastLaunchTemplate } from './props/lifecycle';
export type { AmazonMetadataProps, MetadataOptions } from './props/metadata';
export type { AmazonNamingProps } from './props/naming';
export type { AmazonNetworkProps, NetworkFilter, SubnetFilter } from './props/network';
export type { AmazonParameterProps, AmiParameter } from './props/parameter';
export type { AmazonRunProps, Placement, PolicyDocument, PolicyStatement } from './props/run';
export type { AmazonSharingProps } from './props/sharing';
export type { AmazonSourceProps, SourceAmiFilter } from './props/source';
export type { AmazonStorageProps, BlockDevice } from './props/storage';
