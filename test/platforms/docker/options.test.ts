import * as fs from 'node:fs';
import * as path from 'node:path';
import { docker, type DockerConfigProps } from '../../../lib/platforms/docker';
import { containerBody, device, isHostPath, splitTmpfs } from '../../../lib/platforms/docker/run-options';
import { describeIf } from '../../helpers/requires';
import { testContext } from './context';
import { hasEngine, NO_ENGINE } from '../../helpers/docker';
import { Base, Build, fromId } from './fixture';

interface Inspected {
  readonly Config: Record<string, unknown>;
  readonly HostConfig: Record<string, unknown>;
  readonly Mounts: readonly {
    readonly Type: string;
    readonly Source: string;
    readonly Destination: string;
    readonly RW: boolean;
  }[];
}

describeIf(hasEngine, NO_ENGINE, 'the options of a run', () => {
  let base: Base;
  beforeAll(async () => {
    base = await Base.make(['HEALTHCHECK --interval=1s CMD false']);
  });
  afterAll(() => base.remove());

  async function inspect(props: DockerConfigProps): Promise<{ readonly build: Build; readonly found: Inspected }> {
    const build = await Build.start(props, fromId(base.id));
    return { build, found: (await base.engine.container(build.container)) as unknown as Inspected };
  }

  test('all reach the engine', async () => {
    const { build, found } = await inspect({
      platform: 'linux/amd64',
      tmpfs: ['/tmp', '/scratch:rw,size=1m'],
      devices: ['/dev/null:/dev/nothing:r', '/dev/zero'],
      capAdd: ['SYS_PTRACE'],
      capDrop: ['MKNOD', 'AUDIT_WRITE'],
      privileged: false,
      runtime: 'runc',
      network: 'none',
      user: 'app:app',
      containerDir: '/work',
    });
    try {
      expect(found.HostConfig).toMatchObject({
        Tmpfs: { '/tmp': '', '/scratch': 'rw,size=1m' },
        Devices: [
          { PathOnHost: '/dev/null', PathInContainer: '/dev/nothing', CgroupPermissions: 'r' },
          { PathOnHost: '/dev/zero', PathInContainer: '/dev/zero', CgroupPermissions: 'rwm' },
        ],
        CapAdd: ['SYS_PTRACE'],
        CapDrop: ['MKNOD', 'AUDIT_WRITE'],
        Privileged: false,
        Runtime: 'runc',
        NetworkMode: 'none',
      });
      expect(found.Config).toMatchObject({
        User: 'app:app',
        Labels: build.ctx.labels,
        Healthcheck: { Test: ['NONE'] },
      });
      expect(found.Mounts).toMatchObject([{ Type: 'volume', Destination: '/work' }]);
      expect(await build.run('id -u; id -g')).toBe('1234\n2345\n');
    } finally {
      await build.end();
    }
  });

  test('that not every machine allows reach the engine too', async () => {
    const config = docker.schema.parse({ privileged: true, network: 'host', runtime: 'runc' });
    const name = `goldsmith-test-${Date.now()}`;
    const id = await base.engine.createContainer(name, undefined, containerBody(base.id, {}, config, {}, []));
    const found = (await base.engine.container(id)) as unknown as Inspected;
    expect(found.HostConfig).toMatchObject({ Privileged: true, NetworkMode: 'host', Runtime: 'runc' });
    await base.engine.removeContainer(id);
  });

  test('mount folders of the project and named volumes, which are no part of the image', async () => {
    const { ctx } = { ctx: testContext() };
    fs.mkdirSync(path.join(ctx.projectDir, 'in'));
    fs.writeFileSync(path.join(ctx.projectDir, 'in/file'), 'from the host');
    const volume = `goldsmith-test-${Date.now()}`;
    const volumes = { [path.join(ctx.projectDir, 'in')]: '/in:ro', [volume]: '/cache' };
    const { build, found } = await inspect({ volumes });
    try {
      expect(await build.run('cat /in/file; echo x >/cache/x; echo y >/in/y || echo read only')).toBe(
        'from the hostread only\n',
      );
      expect([...found.Mounts].sort((a, b) => a.Type.localeCompare(b.Type))).toMatchObject([
        { Type: 'bind', Destination: '/in', RW: false },
        { Type: 'volume', Destination: '/cache', RW: true },
      ]);
      const artifact = (await build.capture())!;
      const image = await base.engine.image(artifact.id);
      expect(image.Config!.Volumes ?? {}).toEqual({});
    } finally {
      await build.end();
      await base.engine.client.json('DELETE', `/volumes/${volume}`);
      ctx.dispose();
    }
  });

  test('may name another main process', async () => {
    const { build, found } = await inspect({ entrypoint: ['/bin/sleep'], command: ['1000'] });
    expect(found.Config).toMatchObject({ Entrypoint: ['/bin/sleep'], Cmd: ['1000'] });
    await build.capture();
    await build.end();
  });

  describe('are checked before anything is created', () => {
    async function problems(props: DockerConfigProps, prepare: (dir: string) => void = () => undefined) {
      const ctx = testContext();
      prepare(ctx.projectDir);
      const driver = await docker.load(ctx);
      const found = await driver.preflight!(docker.schema.parse(props), ctx);
      await driver.close?.();
      ctx.dispose();
      return found.map(({ code, message }) => `${code}: ${message}`);
    }

    test('and nothing is found where nothing is wrong', async () => {
      expect(
        await problems({
          network: 'host',
          runtime: 'runc',
          platform: 'linux/amd64',
          devices: ['/dev/null'],
          volumes: { cache: '/c' },
        }),
      ).toEqual([]);
      expect(
        await problems({ volumes: { './here': '/x' }, exportPath: 'a/b.tar' }, (dir) =>
          fs.mkdirSync(path.join(dir, 'here')),
        ),
      ).toEqual([]);
    });

    test('all together', async () => {
      const found = await problems({
        network: 'no-such-network',
        runtime: 'no-such-runtime',
        platform: 'windows/amd64',
        devices: ['/dev/no-such-device'],
        volumes: { '/no/such/folder': '/x' },
      });
      expect(found).toEqual([
        expect.stringMatching(/`runtime` is `no-such-runtime`.*it has: .*runc/),
        expect.stringMatching(/`platform` is `windows\/amd64`, but the engine runs linux containers/),
        expect.stringMatching(/`network` is `no-such-network`/),
        expect.stringMatching(/`volumes` names `\/no\/such\/folder`/),
        expect.stringMatching(/`devices` names `\/dev\/no-such-device`/),
      ]);
    });

    test('an export to a folder', async () => {
      expect(await problems({ exportPath: 'out' }, (dir) => fs.mkdirSync(path.join(dir, 'out')))).toEqual([
        expect.stringMatching(/`exportPath` is `out`, a folder/),
      ]);
      expect(await problems({ exportPath: 'new/' })).toHaveLength(1);
    });
  });
});

test('the short forms of options are read as docker reads them', () => {
  expect(splitTmpfs('/tmp:rw,size=1m')).toEqual(['/tmp', 'rw,size=1m']);
  expect(device('/dev/fuse')).toEqual({
    PathOnHost: '/dev/fuse',
    PathInContainer: '/dev/fuse',
    CgroupPermissions: 'rwm',
  });
  expect(device('/dev/fuse:r')).toEqual({
    PathOnHost: '/dev/fuse',
    PathInContainer: '/dev/fuse',
    CgroupPermissions: 'r',
  });
  expect(device('/dev/a:/dev/b')).toEqual({
    PathOnHost: '/dev/a',
    PathInContainer: '/dev/b',
    CgroupPermissions: 'rwm',
  });
  expect(['/a', './a', '../a', '.', 'C:\\a', 'cache', 'my.volume'].map(isHostPath)).toEqual([
    true,
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
});
