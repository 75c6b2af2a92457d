import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { findEndpoint } from '../../../lib/platforms/docker/endpoint';
import { unreachable } from '../../../lib/platforms/docker/errors';

let home: string;
beforeEach(() => (home = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-endpoint-'))));
afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

function write(file: string, content: string): void {
  const target = path.join(home, file);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.writeFileSync(target, content);
}

function context(name: string, docker: object, tls: readonly string[] = []): void {
  const id = createHash('sha256').update(name).digest('hex');
  write(`.docker/contexts/meta/${id}/meta.json`, JSON.stringify({ Name: name, Metadata: {}, Endpoints: { docker } }));
  for (const file of tls) write(`.docker/contexts/tls/${id}/docker/${file}`, `pem of ${file}`);
}

describe('DOCKER_HOST', () => {
  test.each([
    ['unix:///run/x.sock', { socketPath: '/run/x.sock', protocol: 'http', local: true }],
    ['unix://', { socketPath: '/var/run/docker.sock', local: true }],
    ['npipe:////./pipe/docker_engine', { socketPath: '//./pipe/docker_engine', local: true }],
    ['tcp://build.acme.test:2375', { host: 'build.acme.test', port: 2375, protocol: 'http', local: false }],
    ['10.0.0.1:4000', { host: '10.0.0.1', port: 4000, protocol: 'http' }],
    ['tcp://[::1]', { host: '::1', port: 2375 }],
    ['ssh://me@build.acme.test', { host: 'build.acme.test', port: 22, username: 'me', protocol: 'ssh' }],
  ])('%s is read', async (value, expected) => {
    expect(await findEndpoint({ HOME: home, DOCKER_HOST: value })).toMatchObject({
      ...expected,
      origin: 'DOCKER_HOST',
    });
  });

  test('with TLS reads the certificates, and uses the port for it', async () => {
    for (const name of ['ca', 'cert', 'key']) write(`certs/${name}.pem`, name);
    const env = { HOME: home, DOCKER_HOST: 'tcp://h', DOCKER_CERT_PATH: path.join(home, 'certs') };
    const verified = await findEndpoint({ ...env, DOCKER_TLS_VERIFY: '1' });
    expect(verified).toMatchObject({
      protocol: 'https',
      port: 2376,
      tls: { verify: true, ca: Buffer.from('ca'), key: Buffer.from('key') },
    });
    expect(await findEndpoint({ ...env, DOCKER_TLS: '1' })).toMatchObject({
      protocol: 'https',
      tls: { verify: false },
    });
    expect(await findEndpoint(env)).toMatchObject({ protocol: 'http', port: 2375 });
  });

  test('with half of a certificate says what is missing where', async () => {
    write('certs/cert.pem', 'x');
    const env = {
      HOME: home,
      DOCKER_HOST: 'tcp://h',
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: path.join(home, 'certs'),
    };
    await expect(findEndpoint(env)).rejects.toThrow(/only one is there/);
  });

  test('that is no address is refused', async () => {
    await expect(findEndpoint({ HOME: home, DOCKER_HOST: 'fd://' })).rejects.toThrow(/no address/);
  });

  test('wins over a context, as with the docker command', async () => {
    context('other', { Host: 'tcp://other:1' });
    const env = { HOME: home, DOCKER_HOST: 'unix:///a', DOCKER_CONTEXT: 'other' };
    expect(await findEndpoint(env)).toMatchObject({ socketPath: '/a' });
  });
});

describe('a context', () => {
  test('is named by DOCKER_CONTEXT, else by config.json', async () => {
    context('one', { Host: 'unix:///one.sock' });
    context('two', { Host: 'tcp://two:2376' }, ['ca.pem', 'cert.pem', 'key.pem']);
    write('.docker/config.json', JSON.stringify({ currentContext: 'one' }));
    expect(await findEndpoint({ HOME: home })).toMatchObject({ socketPath: '/one.sock', origin: 'context one' });
    const two = await findEndpoint({ HOME: home, DOCKER_CONTEXT: 'two' });
    expect(two).toMatchObject({
      host: 'two',
      protocol: 'https',
      tls: { verify: true, cert: Buffer.from('pem of cert.pem') },
    });
  });

  test('in another configuration folder is found by DOCKER_CONFIG', async () => {
    context('one', { Host: 'unix:///one.sock' });
    const env = { HOME: '/nowhere', DOCKER_CONFIG: path.join(home, '.docker'), DOCKER_CONTEXT: 'one' };
    expect(await findEndpoint(env)).toMatchObject({ socketPath: '/one.sock' });
  });

  test('that is not there is an error that says which', async () => {
    await expect(findEndpoint({ HOME: home, DOCKER_CONTEXT: 'nope' })).rejects.toMatchObject({
      code: 'PLATFORM_UNAVAILABLE',
      message: expect.stringContaining('no Docker context `nope`') as string,
    });
  });

  test('called default is no context', async () => {
    write('.docker/config.json', JSON.stringify({ currentContext: 'default' }));
    expect(await findEndpoint({ HOME: home })).toMatchObject({ origin: 'the default' });
  });
});

describe('without any setting', () => {
  test('the sockets of Docker Desktop and of the rootless engine are looked at too', async () => {
    const endpoint = await findEndpoint({ HOME: home, XDG_RUNTIME_DIR: path.join(home, 'run') });
    expect(endpoint.tried).toEqual([
      'unix:///var/run/docker.sock',
      `unix://${home}/.docker/run/docker.sock`,
      `unix://${home}/run/docker.sock`,
    ]);
  });

  test('Windows has a pipe', async () => {
    expect(await findEndpoint({ HOME: home }, 'win32')).toMatchObject({ socketPath: '//./pipe/docker_engine' });
  });

  test('a damaged config.json is an error that names the file', async () => {
    write('.docker/config.json', '{');
    await expect(findEndpoint({ HOME: home })).rejects.toThrow(`${home}/.docker/config.json is no JSON object`);
  });
});

test('an API version can be asked for', async () => {
  expect(await findEndpoint({ HOME: home, DOCKER_HOST: 'unix:///a', DOCKER_API_VERSION: '1.41' })).toMatchObject({
    apiVersion: 'v1.41',
  });
});

test('the error for an engine that does not answer names the sockets, why, and what helps', async () => {
  const endpoint = await findEndpoint({ HOME: home, DOCKER_HOST: 'unix:///a' });
  const error = unreachable(endpoint, Object.assign(new Error('x'), { code: 'ENOENT' }));
  expect(error.message).toBe('no Docker Engine answers at unix:///a (DOCKER_HOST): there is no such socket');
  expect(error.hint).toContain('goldsmith doctor');
  expect(unreachable(endpoint, Object.assign(new Error('x'), { code: 'EACCES' })).hint).toContain('group');
});
