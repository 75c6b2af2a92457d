import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import type { Artifact } from '../../../lib/extension';
import { ociPush } from '../../../lib/platforms/sandbox';
import { describeIf } from '../../helpers/requires';
import { has, isRoot, run } from './able';
import { MINIMAL, Project } from './builder';
import { makeContext, type TestContext } from './helpers';
import { startBreaker, startRegistry, startUploads, type RegistryServer } from './registry-server';

const able = isRoot && has('docker-registry') && has('htpasswd');
const need = 'it needs root, docker-registry and htpasswd (apt-get install docker-registry apache2-utils)';

/** Tries again at once. */
const IMPATIENT: Partial<TestContext> = { clock: { now: () => Date.now(), sleep: () => Promise.resolve() } };

describeIf(able, need, 'a registry', () => {
  let project: Project;
  let open: RegistryServer;
  let closed: RegistryServer;
  let image: Artifact;
  const password = randomBytes(8).toString('hex');
  beforeAll(async () => {
    project = await Project.make();
    open = await startRegistry(path.join(project.dir, 'open'));
    closed = await startRegistry(path.join(project.dir, 'closed'), password);
    image = await project.build(MINIMAL, { output: 'image.tar', changes: ['ENV IN=registry'] }, [
      'echo pushed > /etc/note',
    ]);
  });
  afterAll(async () => {
    await open.stop();
    await closed.stop();
    await project.remove();
  });

  const servers: RegistryServer[] = [];
  /** A server that is stopped after the test, however that ends. */
  const stopped = async <T extends RegistryServer>(starting: Promise<T>): Promise<T> => {
    const server = await starting;
    servers.push(server);
    return server;
  };
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });

  const push = (repository: string, more: object = {}, ctx: TestContext = project.ctx): Promise<Artifact | undefined> =>
    ociPush.run({ repository, ...more } as Parameters<typeof ociPush.run>[0], [image], ctx);
  const fresh = (overrides: Partial<TestContext> = {}): Promise<Project> => Project.make(overrides);

  test('takes an image, and gives it back the same', async () => {
    const pushed = await push(`${open.host}/acme/web`, { tags: ['1.4', 'latest'] });
    expect(pushed).toMatchObject({ use: 'oci-push', kind: 'oci-image', id: `${open.host}/acme/web@${image.id}` });
    expect(pushed!.outputs).toMatchObject({
      digest: image.id,
      imageId: image.outputs['imageId'],
      tags: ['1.4', 'latest'],
    });
    const other = await fresh();
    const found = await other.driver.lookup!(
      { kind: 'registry', reference: `${open.host}/acme/web:1.4` },
      {},
      other.ctx,
    );
    expect(found).toEqual({ kind: 'registry', reference: `${open.host}/acme/web@${image.id}` });
    const sandbox = await other.launch({ kind: 'base', base: found });
    expect(await sandbox.ok('cat /etc/note; echo $IN')).toBe('pushed\nregistry\n');
    await sandbox.destroy();
    expect(other.ctx.progressed.some((label) => label.startsWith('pull acme/web'))).toBe(true);
    // A second time nothing is asked of the registry: the digest cannot mean anything else.
    await other.launch({
      kind: 'base',
      base: { ...(found as object), reference: (found as { reference: string }).reference },
    });
    await other.remove();
  });

  describeIf(has('skopeo'), 'skopeo is not installed (apt-get install skopeo)', 'to skopeo', () => {
    test('what was pushed is an image as others are', async () => {
      await push(`${open.host}/acme/skopeo:2`);
      const out = run('skopeo', 'inspect', '--tls-verify=false', `docker://${open.host}/acme/skopeo:2`);
      expect((JSON.parse(out) as { Digest: string }).Digest).toBe(image.id);
      // And the other way round, in Docker's own format.
      run(
        'skopeo',
        '--insecure-policy',
        'copy',
        '--dest-tls-verify=false',
        '--format=v2s2',
        `oci-archive:${project.dir}/image.tar`,
        `docker://${open.host}/acme/docker:1`,
      );
      const found = await project.driver.lookup!(
        { kind: 'registry', reference: `${open.host}/acme/docker:1` },
        {},
        project.ctx,
      );
      const sandbox = await project.launch({ kind: 'base', base: found });
      expect(await sandbox.ok('cat /etc/note')).toBe('pushed\n');
      await sandbox.destroy();
    });
  });

  test('that has the layers already gets no more than the manifest', async () => {
    await push(`${open.host}/acme/twice`);
    const ctx = makeContext(project.dir);
    await push(`${open.host}/acme/twice`, { tags: ['again'] }, ctx);
    expect(ctx.progressed).toEqual([]);
  });

  test('says whether what was pushed is still there', async () => {
    const pushed = await push(`${open.host}/acme/exists`);
    const [record] = pushed!.resources;
    expect(await ociPush.exists!(record!, project.ctx)).toBe(true);
    expect(
      await ociPush.exists!(
        { ...record!, locator: { ...(record!.locator as object), digest: `sha256:${'0'.repeat(64)}` } },
        project.ctx,
      ),
    ).toBe(false);
  });

  test('with a password lets in who knows it, and says what to do to who does not', async () => {
    const repository = `${closed.host}/acme/secret`;
    await expect(push(repository)).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      message: expect.stringContaining('wants a login'),
      hint: expect.stringContaining('docker login'),
    });
    await expect(push(repository, { login: { username: 'mary', password: 'wrong-word' } })).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      message: expect.not.stringContaining('wrong-word'),
    });
    await push(repository, { login: { username: 'mary', password } });
    const query = { kind: 'registry', reference: `${repository}:latest` };
    await expect(project.driver.lookup!(query, {}, project.ctx)).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
    const login = { username: 'mary', password };
    expect(await project.driver.lookup!(query, { login }, project.ctx)).toMatchObject({
      reference: `${repository}@${image.id}`,
    });
  });

  test('finds the password where docker login stored it, also with a helper', async () => {
    const repository = `${closed.host}/acme/stored`;
    const docker = path.join(project.dir, 'docker');
    const bin = path.join(project.dir, 'bin');
    fs.mkdirSync(docker);
    fs.mkdirSync(bin);
    const env = { ...project.ctx.env, DOCKER_CONFIG: docker, PATH: `${bin}:${process.env['PATH']}` };
    const ctx = makeContext(project.dir, { env });
    const auth = Buffer.from(`mary:${password}`).toString('base64');
    fs.writeFileSync(path.join(docker, 'config.json'), JSON.stringify({ auths: { [closed.host]: { auth } } }));
    await push(repository, {}, ctx);
    expect(ctx.secrets).toContain(password);
    // As docker's credential helpers do: `get`, the server on standard input, JSON out.
    fs.writeFileSync(
      path.join(bin, 'docker-credential-fake'),
      `#!/bin/sh\nread -r server\n[ "$1 $server" = "get ${closed.host}" ] || exit 1\nprintf '{"Username":"mary","Secret":"%s"}' "${password}"\n`,
      { mode: 0o755 },
    );
    fs.writeFileSync(path.join(docker, 'config.json'), JSON.stringify({ credHelpers: { [closed.host]: 'fake' } }));
    await push(repository, { tags: ['helper'] }, makeContext(project.dir, { env }));
    fs.writeFileSync(path.join(docker, 'config.json'), '{ damaged');
    await expect(push(repository, {}, makeContext(project.dir, { env }))).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      message: expect.stringContaining('config.json'),
    });
  });

  test('that breaks off in the middle of a layer is asked for the rest, and for no more', async () => {
    await push(`${open.host}/acme/resume`);
    const breaker = await stopped(
      startBreaker(open.host, (method, url, count) =>
        method === 'GET' && url.includes('/blobs/') && count < 6 ? 1_000_000 : undefined,
      ),
    );
    const other = await fresh(IMPATIENT);
    const sandbox = await other.launch({
      kind: 'base',
      base: { kind: 'registry', reference: `${breaker.host}/acme/resume@${image.id}` },
    });
    expect(await sandbox.ok('cat /etc/note')).toBe('pushed\n');
    expect(breaker.broken.length).toBeGreaterThan(0);
    expect(breaker.resumed[0]).toMatch(/^GET bytes=[1-9]\d*-$/);
    expect(other.ctx.said.some((line) => line.includes('going on from there'))).toBe(true);
    await other.remove();
  });

  test('that breaks off in the middle of a push gets the rest, and no more', async () => {
    const uploads = await stopped(startUploads());
    uploads.breakAfter = 2_000_000;
    const ctx = makeContext(project.dir, IMPATIENT);
    await push(`${uploads.host}/acme/resumed`, {}, ctx);
    expect(uploads.ranges.find((range) => range !== 'all')).toMatch(/^[2-9]\d{6}-\d+$/);
    expect(ctx.said.some((line) => line.includes('trying again'))).toBe(true);
    expect(uploads.blobs.size).toBe(3);
  });

  // docker-registry 2.8 loses an upload whose connection broke: it does not know how much of it there is.
  test('that cannot say how much it has gets the layer anew, and what it has then is whole', async () => {
    let cuts = 0;
    const breaker = await stopped(
      startBreaker(open.host, (method) => (method === 'PATCH' && ++cuts <= 2 ? 1_000_000 : undefined)),
    );
    await push(`${breaker.host}/acme/broken`, {}, makeContext(project.dir, IMPATIENT));
    expect(breaker.broken.length).toBe(2);
    const other = await fresh();
    const sandbox = await other.launch({
      kind: 'base',
      base: { kind: 'registry', reference: `${open.host}/acme/broken@${image.id}` },
    });
    expect(await sandbox.ok('cat /etc/note')).toBe('pushed\n');
    await other.remove();
  });

  test.each([
    ['an image that it has not', (host: string) => `${host}/acme/none:1`, 'NOT_FOUND', /no such thing/],
    ['a host that does not answer', () => '127.0.0.1:1/acme/none', 'CONNECT_FAILED', /127\.0\.0\.1:1/],
  ])('asked for %s gives an error that says so', async (_what, reference, code, message) => {
    const ctx = makeContext(project.dir, IMPATIENT);
    await expect(
      project.driver.lookup!({ kind: 'registry', reference: reference(open.host) }, {}, ctx),
    ).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});

describe('a registry with tokens', () => {
  test('is asked for one, with the credentials, the service and the scope that it names', async () => {
    const seen: string[] = [];
    const server = http.createServer((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? '-'}`);
      const url = new URL(request.url!, 'http://x');
      if (url.pathname === '/token') return void response.end(JSON.stringify({ token: 'the-token' }));
      if (request.headers.authorization !== 'Bearer the-token' && url.pathname !== '/v2/') {
        const realm = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
        response.writeHead(401, {
          'www-authenticate': `Bearer realm="${realm}",service="the-service",scope="ignored"`,
        });
        return void response.end();
      }
      response.end(JSON.stringify({ schemaVersion: 2, config: { digest: 'x' }, layers: [] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { lookUpImage } = jest.requireActual<typeof import('../../../lib/platforms/sandbox/base/registry-base')>(
      '../../../lib/platforms/sandbox/base/registry-base',
    );
    const ctx = makeContext('/nowhere');
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const found = await lookUpImage(
      { kind: 'registry', reference: `${host}/acme/web` },
      { username: 'u', password: 'p' },
      ctx,
    );
    await new Promise<void>((resolve) => server.close(() => resolve()));
    expect(found.reference).toMatch(/@sha256:/);
    const basic = Buffer.from('u:p').toString('base64');
    expect(seen).toContain(`GET /token?service=the-service&scope=repository%3Aacme%2Fweb%3Apull Basic ${basic}`);
    expect(seen.at(-1)).toBe('GET /v2/acme/web/manifests/latest Bearer the-token');
    expect(ctx.secrets).toContain('the-token');
  });
});
