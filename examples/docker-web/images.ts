import {
  App,
  FileProvisioner,
  Image,
  ManifestPostProcessor,
  PostProcessorChain,
  ShellProvisioner,
  Variable,
  Verification,
} from 'goldsmith';
import { DockerPushPostProcessor, DockerSource, DockerTagPostProcessor } from 'goldsmith/docker';

export const app = new App('docker-web');

const base = new Variable(app, 'base', { default: 'nginx:stable', description: 'image that everything starts from' });
const registry = new Variable(app, 'registry', {
  description: 'registry to push to, such as registry.acme.test or localhost:5000',
  validate: (value) => (value.includes('/') ? 'it must be a host, with or without a port' : undefined),
});
const version = new Variable(app, 'version', { default: 'dev', validate: checkVersion });

// What every server has.
const core = new Image(app, 'Core', { maxAge: '7d' });
new DockerSource(core, 'Docker', { base: base.value });
new ShellProvisioner(core, 'Hardening', { script: 'harden.sh' });

// One server.
const web = new Image(app, 'Web', {
  from: core,
  sources: { Docker: { changes: ['EXPOSE 80', `LABEL org.opencontainers.image.version="${version.value}"`] } },
});
new ShellProvisioner(web, 'Folders', { inline: ['mkdir -p /etc/nginx/conf.d /srv/www'] });
new FileProvisioner(web, 'Config', { source: 'conf/', destination: '/etc/nginx/conf.d' });
new FileProvisioner(web, 'Site', { source: 'site/', destination: '/srv/www' });

// Nothing is tagged or pushed that does not pass.
new Verification(web, 'Serves', {
  commands: ['! command -v nginx || nginx -t'],
  files: [{ path: '/srv/www/index.html', contains: '<h1>' }],
});

// Each link takes what the one before it made.
const release = new PostProcessorChain(web, 'Release');
new DockerTagPostProcessor(release, 'Tag', {
  repository: `${registry.value}/acme/web`,
  tags: [version.value, 'latest'],
});
new DockerPushPostProcessor(release, 'Push');
new ManifestPostProcessor(release, 'Manifest', { output: 'artifacts/manifest.json' });

app.run();

function checkVersion(value: string): string | undefined {
  return /^[\w.-]{1,128}$/.test(value) ? undefined : 'it must be fit for a tag: letters, digits, `.`, `_` and `-`';
}
