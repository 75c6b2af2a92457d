export { OciPushPostProcessor, ociPush, type OciPushPostProcessorProps } from './oci-push';
export {
  SandboxBase,
  type DebianBaseOptions,
  type ImageFileOptions,
  type MinimalBaseOptions,
  type RegistryBaseOptions,
} from './sandbox-base';
export { sandbox } from './sandbox-extension';
export type { LocalBase, SandboxConfig, SandboxConfigProps, SandboxLogin } from './sandbox-props';
export { SandboxSource, type SandboxSourceProps } from './sandbox-source';
