/** Where in the guides there is more about a construct: why and how, next to the reference's what. */

const fs = require('node:fs');
const path = require('node:path');
const { anchorOf } = require('./markdown.cjs');

const GUIDES = {
  App: 'concepts.md#the-tree',
  Image: 'concepts.md#the-tree',
  Variable: 'concepts.md#variables',
  ShellProvisioner: 'provisioners.md#shellprovisioner',
  ShellLocalProvisioner: 'provisioners.md#shelllocalprovisioner',
  FileProvisioner: 'provisioners.md#fileprovisioner',
  BreakpointProvisioner: 'provisioners.md#breakpointprovisioner-and-pauseprovisioner',
  PauseProvisioner: 'provisioners.md#breakpointprovisioner-and-pauseprovisioner',
  PowershellProvisioner: 'winrm.md#powershellprovisioner',
  RebootProvisioner: 'ssh.md#restarts',
  WindowsRestartProvisioner: 'winrm.md#windowsrestartprovisioner',
  WindowsShellProvisioner: 'winrm.md#windowsshellprovisioner',
  WindowsUpdateProvisioner: 'winrm.md#windowsupdateprovisioner',
  Verification: 'verification.md',
  NullSource: 'provisioners.md#trying-steps-without-an-image',
  ManifestPostProcessor: 'post-processors.md#manifestpostprocessor',
  ChecksumPostProcessor: 'post-processors.md#checksumpostprocessor',
  CompressPostProcessor: 'post-processors.md#compresspostprocessor',
  ShellLocalPostProcessor: 'post-processors.md#shelllocalpostprocessor',
  ArtificePostProcessor: 'post-processors.md#artificepostprocessor',
  ConvertPostProcessor: 'post-processors.md#convertpostprocessor',
  VagrantPostProcessor: 'post-processors.md#vagrantpostprocessor',
  DockerSource: 'docker.md',
  DockerTagPostProcessor: 'docker.md#post-processors',
  DockerPushPostProcessor: 'docker.md#post-processors',
  DockerSavePostProcessor: 'docker.md#post-processors',
  DockerImportPostProcessor: 'docker.md#post-processors',
  QemuSource: 'qemu.md',
  AmazonEbsSource: 'aws.md',
  AmazonEbsSurrogateSource: 'aws.md#a-root-of-your-own',
  AmazonEbsVolumeSource: 'aws.md#volumes',
  AmazonChrootSource: 'aws.md#without-an-instance',
  AmazonEbsDirectPostProcessor: 'aws-disks.md#straight-into-a-snapshot',
  AmazonImportPostProcessor: 'aws-disks.md#by-way-of-a-bucket-vm-import',
  SandboxSource: 'sandbox.md',
  OciPushPostProcessor: 'sandbox.md#pushing',
  ProvisionerProps: 'provisioners.md#on-every-provisioner',
  PostProcessorProps: 'post-processors.md',
};

/** A link to the guide: title of the page, and of its section. */
function guideTo(name) {
  const target = GUIDES[name];
  if (target === undefined) throw new Error(`tools/reference/guides.cjs has no guide to ${name}`);
  const [page, anchor] = target.split('#');
  const text = fs.readFileSync(path.join(__dirname, '../../docs', page), 'utf8');
  const [title, ...sections] = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading);
  const section = sections.find((heading) => anchorOf(heading) === anchor);
  if (anchor !== undefined && section === undefined) throw new Error(`docs/${page} has no section #${anchor}`);
  return `[${[title, ...(section === undefined ? [] : [section])].join(': ')}](../${target})`;
}

module.exports = { guideTo };
