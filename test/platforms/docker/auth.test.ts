import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { authFor, givenAuth, hostOf } from '../../../lib/platforms/docker/auth';
import { systemClock } from './clock';

let dir: string;
let secrets: string[];
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-auth-'));
  secrets = [];
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

function find(image: string, config: object, login = {}) {
  fs.writeFileSync(path.join(dir, 'config.json'), JSON.stringify(config));
  const env = { DOCKER_CONFIG: dir, PATH: `${dir}:${process.env['PATH']}` };
  const ctx = {
    env,
    signal: new AbortController().signal,
    clock: systemClock,
    secret: (value: string) => void secrets.push(value),
  };
  return authFor(image, login, ctx);
}

function helper(name: string, script: string): void {
  fs.writeFileSync(path.join(dir, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('credentials in config.json', () => {
  test.each(['registry.acme.test', 'https://registry.acme.test', 'https://registry.acme.test/v2/'])(
    'are found under %s',
    async (key) => {
      const auths = { [key]: { auth: base64('me:pass:word') } };
      expect(await find('registry.acme.test/web:1', { auths })).toMatchObject({
        username: 'me',
        password: 'pass:word',
      });
      expect(secrets).toContain('pass:word');
    },
  );

  test('of Docker Hub are found for names without a host', async () => {
    const auths = { 'https://index.docker.io/v1/': { auth: base64('hub:secret') } };
    expect(await find('debian', { auths })).toEqual({
      username: 'hub',
      password: 'secret',
      serveraddress: 'https://index.docker.io/v1/',
    });
    expect(await find('registry.acme.test/web', { auths })).toBeUndefined();
  });

  test('can be an identity token, or user and password apart', async () => {
    const auths = {
      'a.test': { identitytoken: 'token' },
      'b.test:5000': { username: 'u', password: 'p' },
      'c.test': {},
    };
    expect(await find('a.test/x', { auths })).toMatchObject({ identitytoken: 'token' });
    expect(await find('b.test:5000/x', { auths })).toMatchObject({ username: 'u', password: 'p' });
    expect(await find('c.test/x', { auths })).toBeUndefined();
  });
});

describe('a credential helper', () => {
  const answer = `read server; echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"from $server\\",\\"Secret\\":\\"s3cret\\"}"`;

  test('is asked for its registry, and the store for all others', async () => {
    helper('one', answer);
    helper('all', answer.replace('s3cret', 'other'));
    const config = { credHelpers: { 'a.test': 'one' }, credsStore: 'all' };
    expect(await find('a.test/x', config)).toEqual({
      username: 'from a.test',
      password: 's3cret',
      serveraddress: 'a.test',
    });
    expect(await find('debian', config)).toMatchObject({
      username: 'from https://index.docker.io/v1/',
      password: 'other',
    });
    expect(secrets).toEqual(['s3cret', 'other']);
  });

  test('can hand out a token', async () => {
    helper('one', `echo '{"Username":"<token>","Secret":"t0ken"}'`);
    expect(await find('a.test/x', { credsStore: 'one' })).toEqual({ identitytoken: 't0ken', serveraddress: 'a.test' });
  });

  test('that knows nothing is no error, and config.json is looked at', async () => {
    helper('one', 'echo credentials not found in native keychain; exit 1');
    expect(await find('a.test/x', { credsStore: 'one' })).toBeUndefined();
    const auths = { 'a.test': { auth: base64('u:p') } };
    expect(await find('a.test/x', { credsStore: 'one', auths })).toMatchObject({ username: 'u' });
  });

  test('that is not installed is an error that names it', async () => {
    await expect(find('a.test/x', { credsStore: 'missing-one' })).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      message: expect.stringContaining('`docker-credential-missing-one`') as string,
    });
  });

  test('that answers nonsense is an error without what it said', async () => {
    helper('one', 'echo s3cret-nonsense');
    const error = await find('a.test/x', { credsStore: 'one' }).catch((thrown: Error) => thrown);
    expect((error as Error).message).toContain('did not answer with JSON');
    expect((error as Error).message).not.toContain('s3cret');
  });
});

describe('a login in props', () => {
  const login = { loginUsername: 'u', loginPassword: 'p' };

  test('is for its server only, and without a server for the one that is asked', async () => {
    expect(givenAuth('a.test', { ...login, loginServer: 'https://a.test/v2/' })).toMatchObject({ username: 'u' });
    expect(givenAuth('b.test', { ...login, loginServer: 'a.test' })).toBeUndefined();
    expect(givenAuth('b.test', login)).toEqual({ username: 'u', password: 'p', serveraddress: 'b.test' });
  });

  test('wins over config.json, can be switched off, and is a secret', async () => {
    const auths = { 'a.test': { auth: base64('stored:x') } };
    expect(await find('a.test/x', { auths }, login)).toMatchObject({ username: 'u' });
    expect(secrets).toEqual(['p']);
    expect(await find('a.test/x', { auths }, { ...login, login: false })).toMatchObject({ username: 'stored' });
  });
});

test('all addresses of Docker Hub are one', () => {
  expect(['https://index.docker.io/v1/', 'docker.io', 'registry-1.docker.io', ''].map(hostOf)).toEqual(
    Array(4).fill('docker.io'),
  );
});
