import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Artifact } from '../../../lib/extension/artifact';
import { docker, dockerPush, dockerTag, type DockerConfigProps } from '../../../lib/platforms/docker';
import type { ResolvedBase } from '../../../lib/platforms/docker/base';
import { describeIf } from '../../helpers/requires';
import { testContext, type TestContext } from './context';
import { hasEngine, hasPrograms } from '../../helpers/docker';
import { Base, Build } from './fixture';
import { Registry } from './registry';

const LOGIN = { username: 'ada', password: 'l0velace-secret' };
const available = hasEngine && hasPrograms('docker-registry', 'htpasswd');

describeIf(available, 'a Docker Engine, docker-registry and htpasswd are needed', 'with a registry', () => {
  let base: Base;
  let open: Registry;
  let locked: Registry;
  let ctx: TestContext;
  beforeAll(async () => {
    [base, open, locked] = await Promise.all([Base.make(['CMD ["x"]']), Registry.start(), Registry.start(LOGIN)]);
  });
  afterAll(async () => {
    await Promise.all([base.remove(), open.stop(), locked.stop()]);
  });
  beforeEach(() => {
    ctx = testContext();
  });
  afterEach(() => ctx.dispose());

  const config = (dir: string, auths: object): string => {
    fs.mkdirSync(dir, { recursive: true });
    fs.writeFileSync(path.join(dir, 'config.json'), JSON.stringify({ auths }));
    return dir;
  };
  const image = (tags: readonly string[]): Artifact => ({
    use: 'docker',
    kind: 'docker-image',
    id: base.id,
    files: [],
    resources: [],
    outputs: { imageId: base.id, tags },
  });
  const untag = async (...names: string[]): Promise<void> => {
    for (const name of names) await base.engine.removeImage(name, true).catch(() => undefined);
  };
  const lookup = async (name: string, props: DockerConfigProps = {}, options = {}): Promise<ResolvedBase> => {
    const driver = await docker.load(ctx);
    try {
      return (await driver.lookup!(
        { image: name },
        docker.schema.parse(props),
        ctx,
        options,
      )) as unknown as ResolvedBase;
    } finally {
      await driver.close?.();
    }
  };
  const push = (props: object, artifact: Artifact, context = ctx) =>
    dockerPush.run(dockerPush.schema.parse(props), [artifact], context);

  test('an image is tagged, pushed with progress, and pulled again by its digest', async () => {
    const repository = `${open.host}/acme/web`;
    const tagged = (await dockerTag.run(
      dockerTag.schema.parse({ repository, tags: ['1.4', 'latest'] }),
      [image([])],
      ctx,
    ))!;
    expect(tagged.outputs).toMatchObject({
      imageId: base.id,
      name: `${repository}:latest`,
      tags: [`${repository}:1.4`, `${repository}:latest`],
    });
    const pushed = (await push({}, tagged))!;
    const digest = pushed.outputs['digest'] as string;
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    const head = await fetch(`http://${open.host}/v2/acme/web/manifests/1.4`, {
      headers: { accept: 'application/vnd.docker.distribution.manifest.v2+json' },
    });
    expect(head.headers.get('docker-content-digest')).toBe(digest);
    expect(pushed.outputs['reference']).toBe(`${repository}@${digest}`);
    expect(
      ctx.seen.progress.some(
        ({ label, unit }) => label.startsWith(`push ${repository}:1.4 layer `) && unit === 'bytes',
      ),
    ).toBe(true);

    // What is here already and came from a registry is known by its digest too.
    expect(await lookup(`${repository}:1.4`)).toEqual({
      image: `${repository}:1.4`,
      id: base.id,
      digest: `${repository}@${digest}`,
    });

    // Somewhere else it is pulled, by that digest.
    const other = (await dockerTag.run(
      dockerTag.schema.parse({ repository: 'goldsmith-test/keep' }),
      [image([])],
      ctx,
    ))!;
    await untag(`${repository}:1.4`, `${repository}:latest`);
    const from = {
      kind: 'base' as const,
      base: { image: `${repository}:1.4`, id: `sha256:${'0'.repeat(64)}`, digest: `${repository}@${digest}` },
    };
    const build = await Build.start({}, from);
    expect(build.ctx.seen.said).toEqual([`pulling ${repository}@${digest}`]);
    await build.end();
    await untag(`${repository}@${digest}`);
    for (const record of other.resources) await dockerTag.destroy!(record, ctx);
  });

  test('a name is removed only while it still means the image', async () => {
    const tagged = (await dockerTag.run(
      dockerTag.schema.parse({ repository: 'goldsmith-test/moving' }),
      [image([])],
      ctx,
    ))!;
    const [record] = tagged.resources as [Artifact['resources'][number]];
    expect(await dockerTag.exists!(record, ctx)).toBe(true);
    const other = await Base.make();
    await base.engine.tag(other.id, 'goldsmith-test/moving', 'latest');
    expect(await dockerTag.exists!(record, ctx)).toBe(false);
    await dockerTag.destroy!(record, ctx);
    expect((await base.engine.image('goldsmith-test/moving')).Id).toBe(other.id);
    await untag('goldsmith-test/moving:latest');
    await other.remove();
    await dockerTag.destroy!(record, ctx);
  });

  test('the last name is removed without the image', async () => {
    const alone = await Base.make();
    const artifact = { ...image([]), id: alone.id, outputs: { imageId: alone.id } };
    const tagged = (await dockerTag.run(
      dockerTag.schema.parse({ repository: 'goldsmith-test/last' }),
      [artifact],
      ctx,
    ))!;
    await untag(alone.name);
    await dockerTag.destroy!(tagged.resources[0]!, ctx);
    expect((await alone.engine.image(alone.id)).RepoTags).toEqual([
      expect.stringContaining('goldsmith.local/artifact/untagged'),
    ]);
    await alone.remove();
  });

  describe('that wants a login', () => {
    const name = () => `${locked.host}/acme/web:1`;
    beforeEach(() => base.engine.tag(base.id, `${locked.host}/acme/web`, '1'));
    afterEach(() => untag(name()));

    test('a push without one is refused with what to do', async () => {
      await expect(
        push({}, image([name()]), { ...ctx, env: { ...process.env, DOCKER_CONFIG: ctx.tempDir } }),
      ).rejects.toMatchObject({
        code: 'ACCESS_DENIED',
        message: expect.stringContaining(`${name()} could not be pushed`) as string,
        hint: expect.stringContaining(`docker login ${locked.host}`) as string,
      });
    });

    test('a login in props or in config.json works, and is a secret', async () => {
      const pushed = (await push({ loginUsername: LOGIN.username, loginPassword: LOGIN.password }, image([name()])))!;
      expect(ctx.seen.secrets).toContain(LOGIN.password);
      expect(JSON.stringify(pushed)).not.toContain(LOGIN.password);
      const auth = Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64');
      const env = { ...process.env, DOCKER_CONFIG: config(path.join(ctx.tempDir, 'c'), { [locked.host]: { auth } }) };
      const again = (await push({}, image([name()]), { ...ctx, env }))!;
      expect(again.outputs['digest']).toBe(pushed.outputs['digest']);
    });

    test('a wrong password is refused, and shows in no message', async () => {
      const wrong = { loginUsername: LOGIN.username, loginPassword: 'wr0ng-secret' };
      const failure = (await push(wrong, image([name()])).catch((error: unknown) => error)) as Error & { hint: string };
      expect(failure).toMatchObject({ code: 'ACCESS_DENIED' });
      expect(`${failure.message} ${failure.hint} ${failure.stack}`).not.toContain('wr0ng-secret');

      const driver = await docker.load(ctx);
      const found = await driver.preflight!(docker.schema.parse({ ...wrong, loginServer: locked.host }), ctx);
      expect(found).toMatchObject([
        {
          code: 'ACCESS_DENIED',
          message: expect.stringContaining(`the login to ${locked.host} as \`ada\` was refused`) as string,
        },
      ]);
      expect(JSON.stringify(found)).not.toContain('wr0ng-secret');
      expect(
        await driver.preflight!(
          docker.schema.parse({
            loginServer: locked.host,
            loginUsername: LOGIN.username,
            loginPassword: LOGIN.password,
          }),
          ctx,
        ),
      ).toEqual([]);
      await driver.close?.();
    });

    test('a base is pulled with it, and refused without', async () => {
      const login = {
        loginServer: `http://${locked.host}`,
        loginUsername: LOGIN.username,
        loginPassword: LOGIN.password,
      };
      await push(login, image([name()]));
      await untag(name());
      await expect(lookup(name())).rejects.toMatchObject({
        code: 'ACCESS_DENIED',
        hint: expect.stringContaining('docker login') as string,
      });
      const found = await lookup(name(), login);
      expect(found).toMatchObject({ image: name(), id: base.id });
      await untag(found.digest!);
    });
  });

  describe('the base of a name', () => {
    test('is what is here, unless the registry is to be asked', async () => {
      const repository = `${open.host}/moving`;
      const name = `${repository}:1`;
      const newer = await Base.make(['ENV NEWER=1']);
      await newer.engine.tag(newer.id, repository, '1');
      await push({}, { ...image([name]), outputs: { imageId: newer.id, tags: [name] } });
      await untag(name);
      await base.engine.tag(base.id, repository, '1');
      // Here the name means the older one, which never came from a registry: refreshing leaves that as it is.
      expect((await lookup(name)).id).toBe(base.id);
      expect((await lookup(name, {}, { refresh: true })).id).toBe(base.id);
      expect((await lookup(name, { pull: false }, { refresh: true })).id).toBe(base.id);
      expect((await lookup(name, { pull: true })).id).toBe(newer.id);
      // Now it did: an update asks.
      await push({}, { ...image([name]), outputs: { imageId: newer.id, tags: [name] } });
      expect((await lookup(name, {}, { refresh: true })).id).toBe(newer.id);
      await untag(name);
      await newer.remove();
    });

    test('that nobody has is an error that says where to look', async () => {
      await expect(lookup(`${open.host}/no/such:tag`)).rejects.toMatchObject({
        code: 'LOOKUP_FAILED',
        message: expect.stringContaining(`${open.host}/no/such:tag could not be pulled`) as string,
      });
      await expect(lookup('goldsmith-test/not-here', { pull: 'never' })).rejects.toMatchObject({
        code: 'LOOKUP_FAILED',
        message: expect.stringContaining('`pull` forbids') as string,
      });
    });

    test('of another platform is not the one that is here', async () => {
      const driver = await docker.load(ctx);
      const ask = driver.lookup!(
        { image: base.name, platform: 'linux/s390x' },
        docker.schema.parse({ pull: 'never', platform: 'linux/s390x' }),
        ctx,
      );
      await expect(ask).rejects.toThrow(/for linux\/s390x is not on the Docker Engine/);
      await driver.close?.();
    });
  });

  test('an image without a name cannot be pushed', async () => {
    await expect(push({}, image([]))).rejects.toThrow(/no name that says where to push/);
  });
});
