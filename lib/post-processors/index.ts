export * from './artifice';
export { ChecksumPostProcessor, checksum, type ChecksumPostProcessorProps } from './checksum';
export { CompressPostProcessor, compress, type CompressPostProcessorProps } from './compress';
export { ConvertPostProcessor, convert, type ConvertPostProcessorProps, type ConvertSubformats } from './convert';
export { ManifestPostProcessor, manifest, type ManifestPostProcessorProps } from './manifest';
export * from './shell-local';
export {
  VagrantPostProcessor,
  vagrant,
  type VagrantOverride,
  type VagrantOverrides,
  type VagrantPostProcessorProps,
} from './vagrant';
export type { VagrantCatalog } from './vagrant/catalog';
export type { VagrantHardware, VagrantProvider } from './vagrant/hardware';
