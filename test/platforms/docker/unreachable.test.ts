import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import * as tls from 'node:tls';
import { docker } from '../../../lib/platforms/docker';
import { describeIf } from '../../helpers/requires';
import { testContext } from './context';
import { engineSocket, hasEngine, hasPrograms } from '../../helpers/docker';
import { Base, Build, execute, fromId } from './fixture';

async function failure(env: Readonly<Record<string, string>>): Promise<unknown> {
  const ctx = testContext({ env });
  const error: unknown = await docker.load(ctx).then(
    (driver) => driver.close?.(),
    (thrown: unknown) => thrown,
  );
  ctx.dispose();
  return error;
}

describe('an engine that is not there', () => {
  let dir: string;
  beforeEach(() => (dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-unreachable-'))));
  afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

  test('is an error that names the socket, who named it, and what helps', async () => {
    expect(await failure({ DOCKER_HOST: `unix://${dir}/none.sock` })).toMatchObject({
      code: 'PLATFORM_UNAVAILABLE',
      message: `no Docker Engine answers at unix://${dir}/none.sock (DOCKER_HOST): there is no such socket`,
      hint: expect.stringContaining('goldsmith doctor') as string,
    });
  });

  test('is what `goldsmith doctor` reports, with what to do', async () => {
    const ctx = testContext({ env: { DOCKER_HOST: `unix://${dir}/none.sock` } });
    expect(await docker.probe!(ctx)).toEqual({
      ok: false,
      detail: expect.stringContaining('there is no such socket') as string,
      fix: expect.stringContaining('DOCKER_HOST') as string,
    });
    ctx.dispose();
  });

  test('on a port where nobody listens', async () => {
    expect(await failure({ DOCKER_HOST: 'tcp://127.0.0.1:1' })).toMatchObject({
      message: expect.stringContaining('nobody listens there') as string,
    });
  });

  test('but something else that cuts the connection', async () => {
    const server = net.createServer((socket) => socket.destroy()).listen(path.join(dir, 'cut.sock'));
    expect(await failure({ DOCKER_HOST: `unix://${dir}/cut.sock` })).toMatchObject({ code: 'PLATFORM_UNAVAILABLE' });
    server.close();
  });

  test('but something that never answers', async () => {
    const sockets: net.Socket[] = [];
    const server = net.createServer((socket) => sockets.push(socket)).listen(path.join(dir, 'mute.sock'));
    const ctx = testContext({ env: { DOCKER_HOST: `unix://${dir}/mute.sock` } });
    const hurried = { ...ctx, clock: { ...ctx.clock, sleep: async (ms: number) => void expect(ms).toBe(10_000) } };
    await expect(docker.load(hurried)).rejects.toThrow(/no answer within 10 s/);
    for (const socket of sockets) socket.destroy();
    server.close();
    ctx.dispose();
  });
});

describeIf(
  hasEngine && hasPrograms('openssl'),
  'a Docker Engine and openssl are needed',
  'an engine behind TLS',
  () => {
    let dir: string;
    let server: tls.Server;
    let env: Record<string, string>;
    const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' });

    beforeAll(async () => {
      dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-tls-'));
      const key = ['-newkey', 'rsa:2048', '-nodes'];
      openssl('req', '-x509', ...key, '-keyout', 'ca-key.pem', '-out', 'ca.pem', '-subj', '/CN=test-ca', '-days', '2');
      for (const [name, extension] of [
        ['server', 'subjectAltName=IP:127.0.0.1'],
        ['', 'extendedKeyUsage=clientAuth'],
      ] as const) {
        const file = name === '' ? '' : `${name}-`;
        fs.writeFileSync(path.join(dir, 'ext'), extension);
        openssl('req', ...key, '-keyout', `${file}key.pem`, '-out', 'request.pem', '-subj', `/CN=${name}x`);
        openssl(
          'x509',
          '-req',
          '-in',
          'request.pem',
          '-CA',
          'ca.pem',
          '-CAkey',
          'ca-key.pem',
          '-CAcreateserial',
          '-out',
          `${file}cert.pem`,
          '-days',
          '2',
          '-extfile',
          'ext',
        );
      }
      const read = (name: string): Buffer => fs.readFileSync(path.join(dir, name));
      const options = {
        ca: read('ca.pem'),
        cert: read('server-cert.pem'),
        key: read('server-key.pem'),
        requestCert: true,
        rejectUnauthorized: true,
        allowHalfOpen: true,
      };
      server = tls.createServer(options, (client) => {
        const engine = net.connect({ path: engineSocket, allowHalfOpen: true });
        client.pipe(engine).pipe(client);
        client.on('error', () => engine.destroy());
        engine.on('error', () => client.destroy());
      });
      server.on('tlsClientError', () => undefined);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as net.AddressInfo;
      env = {
        PATH: process.env['PATH']!,
        DOCKER_HOST: `tcp://127.0.0.1:${port}`,
        DOCKER_CERT_PATH: dir,
        DOCKER_TLS_VERIFY: '1',
      };
    });
    afterAll(() => {
      server.close();
      fs.rmSync(dir, { recursive: true, force: true });
    });

    test('is used with the certificates: a whole build, with input to a command', async () => {
      const base = await Base.make();
      const build = await Build.start({}, fromId(base.id), { env });
      try {
        const { stdout } = await execute(build.on, 'cat; echo end', build.ctx.signal, 'input ');
        expect(stdout).toBe('input end\n');
        await build.on.uploadDirectory(dir, '/tmp/in', { signal: build.ctx.signal });
        expect(await build.capture()).toMatchObject({ kind: 'docker-image' });
      } finally {
        await build.end();
        await base.remove();
      }
    });

    test('refuses who has no certificate, and is refused without its authority', async () => {
      const empty = path.join(dir, 'empty');
      fs.mkdirSync(empty);
      expect(await failure({ ...env, DOCKER_CERT_PATH: empty })).toMatchObject({
        code: 'PLATFORM_UNAVAILABLE',
        message: expect.stringMatching(/certificate/) as string,
      });
      const { DOCKER_TLS_VERIFY: _verify, ...unverified } = env;
      expect(await failure({ ...unverified, DOCKER_TLS: '1', DOCKER_CERT_PATH: empty })).toMatchObject({
        code: 'PLATFORM_UNAVAILABLE',
      });
      expect(await failure({ ...unverified, DOCKER_TLS: '1' })).toBeUndefined();
    });
  },
);
