export * from './json';
export * from './late';
export * from './schema';
export { canonical, digestOf, sha256 } from './digest';
