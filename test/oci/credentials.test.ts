import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { storedCredentials, type Credentials } from '../../lib/oci/credentials';

let dir: string;
let secrets: string[];
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-credentials-'));
  secrets = [];
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

function find(registry: string, config: object | string): Promise<Credentials | undefined> {
  fs.writeFileSync(path.join(dir, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
  return storedCredentials(registry, {
    env: { DOCKER_CONFIG: dir, PATH: `${dir}:${process.env['PATH']}` },
    signal: new AbortController().signal,
    clock: { now: () => Date.now(), sleep: () => new Promise(() => undefined) },
    secret: (value) => void secrets.push(value),
  });
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
      expect(await find('registry.acme.test', { auths })).toEqual({ username: 'me', password: 'pass:word' });
      expect(secrets).toContain('pass:word');
    },
  );

  test('of Docker Hub are found under any of its addresses, and are for no other registry', async () => {
    for (const key of ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io', 'registry-1.docker.io']) {
      const auths = { [key]: { auth: base64('hub:secret') } };
      expect(await find('docker.io', { auths })).toEqual({ username: 'hub', password: 'secret' });
      expect(await find('registry.acme.test', { auths })).toBeUndefined();
    }
  });

  test('can be an identity token, or user and password apart', async () => {
    const auths = {
      'a.test': { identitytoken: 'token' },
      'b.test:5000': { username: 'u', password: 'p' },
      'c.test': {},
      'd.test': { auth: base64('ends:in NULs\0\0') },
    };
    expect(await find('a.test', { auths })).toEqual({ username: '', password: '', identityToken: 'token' });
    expect(await find('b.test:5000', { auths })).toEqual({ username: 'u', password: 'p' });
    expect(await find('c.test', { auths })).toBeUndefined();
    expect(await find('d.test', { auths })).toEqual({ username: 'ends', password: 'in NULs' });
    expect(secrets).toEqual(['token', 'p', 'in NULs']);
  });

  test('are none where there is no such file, or an empty one', async () => {
    expect(await find('a.test', '\n')).toBeUndefined();
  });

  test('that is damaged is an error that names it', async () => {
    await expect(find('a.test', '{ damaged')).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      message: `Docker's configuration in ${dir}/config.json is no JSON object`,
    });
  });
});

describe('a credential helper', () => {
  const answer = `read server; echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"from $1 $server\\",\\"Secret\\":\\"s3cret\\"}"`;

  test('is asked for its registry, and the store for all others', async () => {
    helper('one', answer);
    helper('all', answer.replace('s3cret', 'other'));
    const config = { credHelpers: { 'a.test': 'one' }, credsStore: 'all' };
    expect(await find('a.test', config)).toEqual({ username: 'from get a.test', password: 's3cret' });
    expect(await find('docker.io', config)).toEqual({
      username: 'from get https://index.docker.io/v1/',
      password: 'other',
    });
    expect(secrets).toEqual(['s3cret', 'other']);
  });

  test('that is called nothing switches the store off', async () => {
    const auths = { 'a.test': { auth: base64('u:p') } };
    const config = { credHelpers: { 'a.test': '' }, credsStore: 'missing-one', auths };
    expect(await find('a.test', config)).toMatchObject({ username: 'u' });
  });

  test('can hand out a token', async () => {
    helper('one', `echo '{"Username":"<token>","Secret":"t0ken"}'`);
    expect(await find('a.test', { credsStore: 'one' })).toEqual({ username: '', password: '', identityToken: 't0ken' });
    expect(secrets).toEqual(['t0ken']);
  });

  test('that knows nothing is no error, and config.json is looked at', async () => {
    helper('one', 'echo credentials not found in native keychain; exit 1');
    expect(await find('a.test', { credsStore: 'one' })).toBeUndefined();
    const auths = { 'a.test': { auth: base64('u:p') } };
    expect(await find('a.test', { credsStore: 'one', auths })).toMatchObject({ username: 'u' });
  });

  test('that is not installed is an error that names it', async () => {
    await expect(find('a.test', { credsStore: 'missing-one' })).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      message: expect.stringContaining('`docker-credential-missing-one`') as string,
    });
  });

  test('that answers nonsense is an error without what it said', async () => {
    helper('one', 'echo s3cret-nonsense');
    const error = await find('a.test', { credsStore: 'one' }).catch((thrown: Error) => thrown);
    expect((error as Error).message).toContain('did not answer with JSON');
    expect((error as Error).message).not.toContain('s3cret');
  });
});
