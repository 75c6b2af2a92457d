export { App, type AppProps, type BuildOptions, type RehearseOptions } from './app';
export {
  ssh,
  type SshBastionProps,
  type SshCommunicatorProps,
  type SshKeyPairProps,
  type SshProps,
  type SshProxyProps,
} from './communicators/ssh/props';
export {
  winrm,
  type WinrmCommunicatorProps,
  type WinrmFileServerProps,
  type WinrmProps,
} from './communicators/winrm/props';
export { ERROR_CODES, GoldsmithError, type ErrorCode, type Problem } from './errors';

export { Annotations } from './core/annotations';
export { ArtifactRef } from './core/artifact-ref';
export { Aspects, type Aspect } from './core/aspects';
export { Asset, type AssetOptions } from './core/asset';
export { BaseImage, type LookupSpec } from './core/base-image';
export { build, BuildFact, type BuildFactName } from './core/build-facts';
export { Element } from './core/element';
export { Image, type ImageProps } from './core/image';
export { Lookup, LookupValue, type LookupOfValues } from './core/lookup';
export { JoinedText, LateValue, Output, text } from './core/output';
export { PostProcessor, PostProcessorChain, type PostProcessorProps } from './core/post-processor';
export { Provisioner, type OwnProps, type ProvisionerProps } from './core/provisioner';
export { Secret } from './core/secret';
export type { AwsValueOptions, SecretsManagerOptions, SsmParameterOptions } from './core/secret-places';
export type { SourceSelector } from './core/selector';
export { Source } from './core/source';
export { timestamp, uniqueId } from './core/timestamp';
export { Variable, type VariableProps, type VariableTypes } from './core/variable';
export { VerificationBase, type VerificationBaseProps } from './core/verification-base';

export type * from './engine/events';
export type { OnError, RunOptions, RunReport } from './engine/options';
export * from './extension';
// The name `text` is the template tag's; schemas of extensions take this one.
export { text as textProp } from './extension/props';
export type { InventoryEntry, Quotas, RehearsalOptions, RehearsalReport, TroubleOptions } from './rehearsal';
export type { Json, JsonObject, Late, LateJson, Plan, PlanNode, Resolved, Text } from './plan';

export * from './post-processors';
export * from './provisioners';
