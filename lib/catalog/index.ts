export * from './catalog';
export * from './file-store';
export * from './store';
