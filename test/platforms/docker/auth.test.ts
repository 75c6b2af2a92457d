import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { authFor, givenAuth } from '../../../lib/platforms/docker/auth';
import { systemClock } from './clock';

let dir: string;
let secrets: string[];
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-auth-'));
  secrets = [];
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

function find(image: string, auths: object, login = {}) {
  fs.writeFileSync(path.join(dir, 'config.json'), JSON.stringify({ auths }));
  const ctx = {
    env: { DOCKER_CONFIG: dir },
    signal: new AbortController().signal,
    clock: systemClock,
    secret: (value: string) => void secrets.push(value),
  };
  return authFor(image, login, ctx);
}

const auth = Buffer.from('stored:x').toString('base64');

describe('what docker login stored', () => {
  test('is handed to the engine with the address that it is for', async () => {
    const auths = {
      'https://index.docker.io/v1/': { auth },
      'a.test:5000': { auth },
      'b.test': { identitytoken: 't' },
    };
    const stored = { username: 'stored', password: 'x' };
    expect(await find('debian', auths)).toEqual({ ...stored, serveraddress: 'https://index.docker.io/v1/' });
    expect(await find('a.test:5000/web:1', auths)).toEqual({ ...stored, serveraddress: 'a.test:5000' });
    expect(await find('b.test/web', auths)).toEqual({ identitytoken: 't', serveraddress: 'b.test' });
    expect(await find('c.test/web', auths)).toBeUndefined();
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
    const auths = { 'a.test': { auth } };
    expect(await find('a.test/x', auths, login)).toMatchObject({ username: 'u' });
    expect(secrets).toEqual(['p']);
    expect(await find('a.test/x', auths, { ...login, login: false })).toMatchObject({ username: 'stored' });
  });
});
