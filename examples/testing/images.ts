import { App, type AppProps, Image, Secret, ShellProvisioner, Variable, Verification } from 'goldsmith';
import { DockerSource } from 'goldsmith/docker';
import { SandboxBase, SandboxSource } from 'goldsmith/sandbox';

/** The images, as a function: so that tests can make them with other variables. */
export function images(props?: AppProps): App {
  const app = new App('shop', { baseDir: __dirname, ...props });
  const release = new Variable(app, 'release', { allowed: ['bookworm', 'trixie'], default: 'bookworm' });

  const core = new Image(app, 'Core');
  new DockerSource(core, 'Docker', { base: `debian:${release.value}` });
  new SandboxSource(core, 'Sandbox', { base: SandboxBase.minimal() });
  new ShellProvisioner(core, 'Packages', {
    only: ['docker'],
    inline: ['apt-get update', 'apt-get install -y ca-certificates'],
    timeout: '5m',
    maxRetries: 2,
  });
  new ShellProvisioner(core, 'Token', {
    env: { TOKEN: Secret.fromEnv('SHOP_TOKEN') },
    inline: ['umask 077', 'mkdir -p /etc/shop', 'printf %s "$TOKEN" | sha256sum > /etc/shop/token.sha256'],
  });

  const shop = new Image(app, 'Shop', { from: core });
  new ShellProvisioner(shop, 'Stock', { inline: ['echo ring > /etc/shop/stock'] });
  new Verification(shop, 'Stocked', { files: [{ path: '/etc/shop/stock', contains: 'ring' }] });
  return app;
}

images().run();
