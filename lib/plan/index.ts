export * from './json';
export * from './late';
export * from './schema';
export { canonical, digestOf, sha256 } from './digest';
export { readPlan, writePlan } from './codec';
export { inOrder, withDependencies } from './graph';
