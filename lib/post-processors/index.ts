export * from './artifice';
export { ChecksumPostProcessor, checksum, type ChecksumPostProcessorProps } from './checksum';
export { CompressPostProcessor, compress, type CompressPostProcessorProps } from './compress';
export { ConvertPostProcessor, convert, type ConvertPostProcessorProps, type ConvertSubformats } from './convert';
export { ManifestPostProcessor, manifest, type ManifestPostProcessorProps } from './manifest';
export * from './shell-local';
