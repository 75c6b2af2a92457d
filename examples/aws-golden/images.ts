import {
  App,
  FileProvisioner,
  Image,
  ManifestPostProcessor,
  ShellProvisioner,
  ssh,
  text,
  timestamp,
  Variable,
  Verification,
} from 'goldsmith';
import { AmazonEbsSource, AmazonImage } from 'goldsmith/aws';

export const app = new App('aws-golden');

// An encrypted image can be shared only where its key is a customer's own. It must be one of this name in each region.
const key = new Variable(app, 'key', {
  default: 'alias/golden',
  description: 'KMS key of the volumes, in each region',
});
const accounts = new Variable(app, 'accounts', {
  default: '210987654321',
  description: 'accounts that may start from the images, separated by commas',
  validate: checkAccounts,
});

// What all servers have, on Ubuntu as Canonical publishes it. Which image that is stands in goldsmith.lock.json.
const core = new Image(app, 'Core', { maxAge: '30d' });
new AmazonEbsSource(core, 'Aws', {
  region: 'eu-west-1',
  instanceType: ['t3.small', 't3a.small'],
  base: AmazonImage.lookup({
    owners: ['099720109477'],
    name: 'ubuntu/images/*-24.04-amd64-server-*',
    mostRecent: true,
  }),
  communicator: ssh({ username: 'ubuntu' }),
  amiName: text`golden-core-${timestamp()}`,
  amiRegions: ['us-east-1'],
  amiUsers: accounts.value.split(','),
  snapshotUsers: accounts.value.split(','),
  encryptBoot: true,
  kmsKeyId: key.value,
  regionKmsKeyIds: { 'us-east-1': key.value },
  tags: { Team: 'images', Image: 'core' },
});
new ShellProvisioner(core, 'Hardening', { script: 'harden.sh' });
new Verification(core, 'Hardened', {
  files: [{ path: '/etc/ssh/sshd_config.d/10-golden.conf', contains: 'PasswordAuthentication no', owner: 'root' }],
});

// Starts from Core, and is sold where Core is: only its name is its own.
const web = new Image(app, 'Web', {
  from: core,
  sources: { Aws: { amiName: text`golden-web-${timestamp()}`, tags: { Team: 'images', Image: 'web' } } },
});
new FileProvisioner(web, 'Site', { source: 'site/', destination: '/tmp/site' });
new ShellProvisioner(web, 'Nginx', { script: 'web.sh' });

// An instance of its own is started from the image. Nothing that fails here is copied, shared or tagged.
new Verification(web, 'Serves', {
  commands: ['! command -v nginx || sudo nginx -t'],
  files: [{ path: '/var/www/html/index.html', contains: '<h1>' }],
});

new ManifestPostProcessor(app, 'Manifest', { output: 'artifacts/manifest.json' });

app.run();

function checkAccounts(value: string): string | undefined {
  return /^\d{12}(,\d{12})*$/.test(value) ? undefined : 'an account is a number of 12 digits';
}
