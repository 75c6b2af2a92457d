export * from './breakpoint';
export type { EnvironmentProps } from './environment';
export * from './file';
export type { LocalScriptProps } from './local-scripts';
export * from './pause';
export * from './reboot';
export * from './shell';
export * from './shell-local';
export * from './verification';
