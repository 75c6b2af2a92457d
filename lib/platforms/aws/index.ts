export { amazonEbs } from './amazon-ebs-extension';
export { AmazonEbsSource, type AmazonEbsSourceProps } from './amazon-ebs-source';
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
export type { AmazonCopyProps } from './props/copy';
export type { AmazonLifecycleProps, DeregistrationProtection, FastLaunch, FastLaunchTemplate } from './props/lifecycle';
export type { AmazonMetadataProps, MetadataOptions } from './props/metadata';
export type { AmazonNamingProps } from './props/naming';
export type { AmazonNetworkProps, NetworkFilter, SubnetFilter } from './props/network';
export type { AmazonParameterProps, AmiParameter } from './props/parameter';
export type { AmazonRunProps, Placement, PolicyDocument, PolicyStatement } from './props/run';
export type { AmazonSharingProps } from './props/sharing';
export type { AmazonSourceProps, SourceAmiFilter } from './props/source';
export type { AmazonStorageProps, BlockDevice } from './props/storage';
