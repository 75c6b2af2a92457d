export { DockerSource, type DockerSourceProps } from './docker-source';
export { docker, type DockerConfigProps } from './docker-extension';
export type { DockerCaptureProps, DockerfileProps, DockerLoginProps, DockerRunProps } from './docker-props';
export {
  dockerTag,
  DockerTagPostProcessor,
  type DockerTagConfigProps,
  type DockerTagPostProcessorProps,
} from './docker-tag';
export {
  dockerPush,
  DockerPushPostProcessor,
  type DockerPushConfigProps,
  type DockerPushPostProcessorProps,
} from './docker-push';
export {
  dockerSave,
  DockerSavePostProcessor,
  type DockerSaveConfigProps,
  type DockerSavePostProcessorProps,
} from './docker-save';
export {
  dockerImport,
  DockerImportPostProcessor,
  type DockerImportConfigProps,
  type DockerImportPostProcessorProps,
} from './docker-import';
