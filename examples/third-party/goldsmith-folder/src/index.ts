// A plan names this package as the module of `folder` and `line`. Whoever runs it finds both extensions among these exports.
export { folder, FolderSource, type FolderSourceProps } from './folder-source';
export { line, LineProvisioner, type LineProvisionerProps } from './line-provisioner';
