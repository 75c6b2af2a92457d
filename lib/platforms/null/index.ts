export { NullSource, nullPlatform, type NullConfig, type NullSourceProps } from './null-source';
