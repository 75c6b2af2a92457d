import * as fs from 'node:fs';
import * as path from 'node:path';
import type { GoldsmithError } from '../../../lib/errors';
import type { Artifact, ResourceRecord } from '../../../lib/extension/artifact';
import { docker } from '../../../lib/platforms/docker';
import type { ImageInfo } from '../../../lib/platforms/docker/engine-types';
import { describeIf } from '../../helpers/requires';
import { testContext } from './context';
import { hasEngine, NO_ENGINE } from '../../helpers/docker';
import { Base, Build, execute, fromId } from './fixture';

const BASE_CHANGES = [
  'ENV PATH=/bin KEPT=yes',
  'ENTRYPOINT ["/bin/env"]',
  'CMD ["printf", "hello"]',
  'WORKDIR /home/app',
  'EXPOSE 80',
  'VOLUME /data',
  'HEALTHCHECK --interval=1s CMD true',
  'LABEL base=yes',
  'USER app',
];

describeIf(hasEngine, NO_ENGINE, 'a Docker build', () => {
  let base: Base;
  let plain: Base;
  beforeAll(async () => {
    base = await Base.make(BASE_CHANGES);
    plain = await Base.make();
  });
  afterAll(async () => {
    await base.remove();
    await plain.remove();
  });

  const image = (artifact: Artifact): Promise<ImageInfo> => base.engine.image(artifact.id);

  test('becomes an image with what the steps did, and all of the base', async () => {
    const build = await Build.start({ execUser: 'root' }, fromId(base.id));
    try {
      await build.run('echo made >/made');
      const artifact = (await build.capture())!;
      const before = (await base.engine.image(base.id)).Config!;
      const after = (await image(artifact)).Config!;
      expect(after.Labels).toMatchObject({ base: 'yes', ...build.ctx.labels });
      for (const key of [
        'Cmd',
        'Entrypoint',
        'Env',
        'WorkingDir',
        'User',
        'ExposedPorts',
        'Volumes',
        'Healthcheck',
      ] as const) {
        expect({ [key]: after[key] }).toEqual({ [key]: before[key] });
      }
      expect(artifact).toMatchObject({ kind: 'docker-image', outputs: { imageId: artifact.id, tags: [] } });
      expect(build.ctx.seen.kept).toEqual(artifact.resources.map(({ token }) => token));
    } finally {
      await build.end();
    }
  });

  test('from a base without any config has none of the container', async () => {
    const build = await Build.start({ user: 'app' }, fromId(plain.id));
    try {
      const { Config } = await image((await build.capture())!);
      expect(Config!.Cmd ?? []).toEqual([]);
      expect(Config!.Entrypoint ?? []).toEqual([]);
      expect(Config!.User).toBe('0');
      expect(Config!.Healthcheck).toBeUndefined();
    } finally {
      await build.end();
    }
  });

  test('takes author, message, names and changes of every kind', async () => {
    const tag = `goldsmith-test/web:${Date.now()}`;
    const changes = [
      'ENV PATH=/opt/bin:$PATH QUOTED="a b" X=$KEPT',
      'CMD ["a b", "c"]',
      'ENTRYPOINT ["/bin/e"]',
      'EXPOSE 8080/udp 81',
      'LABEL "with space"="x y" base=changed',
      'WORKDIR sub',
      'USER 12:13',
      'VOLUME ["/more"]',
      'HEALTHCHECK --retries=3 CMD ["true"]',
      'ONBUILD RUN true',
      'STOPSIGNAL SIGQUIT',
      'SHELL ["/bin/sh", "-ec"]',
    ];
    const build = await Build.start(
      { execUser: 'root', author: 'A <a@b>', message: 'why', tags: [tag, 'goldsmith-test/other'], changes },
      fromId(base.id),
    );
    try {
      const artifact = (await build.capture())!;
      const info = await image(artifact);
      expect(info).toMatchObject({ Author: 'A <a@b>', Comment: 'why' });
      expect([...info.RepoTags!].sort()).toEqual(['goldsmith-test/other:latest', tag]);
      expect(info.Config).toMatchObject({
        Env: ['PATH=/opt/bin:/bin', 'KEPT=yes', 'QUOTED=a b', 'X=yes'],
        Cmd: ['a b', 'c'],
        Entrypoint: ['/bin/e'],
        ExposedPorts: { '80/tcp': {}, '81/tcp': {}, '8080/udp': {} },
        Labels: { base: 'changed', 'with space': 'x y' },
        WorkingDir: '/home/app/sub',
        User: '12:13',
        Volumes: { '/data': {}, '/more': {} },
        Healthcheck: { Test: ['CMD', 'true'], Retries: 3 },
        OnBuild: ['RUN true'],
        StopSignal: 'SIGQUIT',
        Shell: ['/bin/sh', '-ec'],
      });
      expect(artifact.outputs).toMatchObject({ name: tag, tags: [tag, 'goldsmith-test/other:latest'] });
    } finally {
      await build.end();
    }
    await expect(base.engine.image(tag)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('keeps the CMD of the base where only ENTRYPOINT changes', async () => {
    const build = await Build.start({ changes: ['ENTRYPOINT ["/bin/e"]'] }, fromId(base.id));
    try {
      const { Config } = await image((await build.capture())!);
      expect(Config).toMatchObject({ Entrypoint: ['/bin/e'], Cmd: ['printf', 'hello'] });
    } finally {
      await build.end();
    }
  });

  test('can be exported to a file, which another build can start from', async () => {
    const build = await Build.start({ exportPath: 'out/root.tar' }, fromId(plain.id));
    let second: Build | undefined;
    try {
      await build.run('echo exported >/exported');
      const artifact = (await build.capture())!;
      expect(artifact).toMatchObject({
        kind: 'docker-export',
        files: [{ path: 'out/root.tar' }],
        outputs: { path: 'out/root.tar' },
      });
      expect(fs.statSync(path.join(build.ctx.projectDir, 'out/root.tar')).size).toBe(artifact.files[0]!.size);
      expect(build.ctx.seen.progress.at(-1)).toMatchObject({ current: artifact.files[0]!.size });
      const file = path.join(build.ctx.projectDir, 'out/root.tar');
      const absolute = { ...artifact, files: [{ ...artifact.files[0]!, path: file }] };
      second = await Build.start({}, { kind: 'artifact', artifact: absolute });
      expect(await second.run('cat /exported')).toBe('exported\n');
    } finally {
      await second?.end();
      await build.end();
    }
  });

  test('can be discarded', async () => {
    const build = await Build.start({ discard: true }, fromId(plain.id));
    try {
      expect(await build.capture()).toBeUndefined();
      expect(build.ctx.seen.records.map(({ kind }) => kind)).toEqual(['docker:container']);
    } finally {
      await build.end();
    }
  });

  test('starts from the artifact of another', async () => {
    const core = await Build.start({ changes: ['ENV CORE=1', 'CMD ["core"]'] }, fromId(plain.id));
    let web: Build | undefined;
    try {
      await core.run('echo core >/core');
      web = await Build.start({}, { kind: 'artifact', artifact: (await core.capture())! });
      expect(await web.run('cat /core; printf $CORE')).toBe('core\n1');
      expect((await image((await web.capture())!)).Config).toMatchObject({ Cmd: ['core'] });
    } finally {
      await web?.end();
      await core.end();
    }
  });

  test('goes on from a checkpoint, and its image still has the config of the base', async () => {
    const first = await Build.start({ execUser: 'root', message: 'x', changes: ['ENV LATER=1'] }, fromId(base.id));
    let second: Build | undefined;
    try {
      await first.run('echo one >/one');
      const checkpoint = await first.checkpoint();
      await first.run('echo two >/one');
      second = await Build.start({ execUser: 'root', tmpfs: ['/scratch'] }, { kind: 'checkpoint', checkpoint });
      expect(await second.run('cat /one; stat -f -c %T /scratch')).toBe('one\ntmpfs\n');
      const { Config, Comment } = await image((await second.capture())!);
      expect(Config).toMatchObject({
        Entrypoint: ['/bin/env'],
        Cmd: ['printf', 'hello'],
        User: 'app',
        Healthcheck: { Test: ['CMD-SHELL', 'true'] },
      });
      expect(Config!.Env).toEqual(['PATH=/bin', 'KEPT=yes']);
      expect(Comment).toBe('');
      // While a container uses it, it is not taken away.
      const [record] = checkpoint.resources as [ResourceRecord];
      await expect(first.driver.destroy(record, first.ctx)).rejects.toMatchObject({ code: 'LEAKED' });
      await first.driver.destroy(second.machine.resource, first.ctx);
      // Deleted before what was made from it, a checkpoint goes with the last of that.
      await first.driver.destroy(record, first.ctx);
      expect(await first.driver.exists(record, first.ctx)).toBe(true);
      await second.end();
      second = undefined;
      expect(await first.driver.exists(record, first.ctx)).toBe(false);
    } finally {
      await second?.end();
      await first.end();
    }
  });

  test('whose steps left something running is paused while it is committed', async () => {
    const build = await Build.start({}, fromId(plain.id));
    try {
      await build.run('setsid sh -c "while :; do echo x >>/log; sleep 0.01; done" >/dev/null 2>&1 &');
      const checkpoint = await build.checkpoint();
      expect(await base.engine.imageExists((checkpoint.data as { image: string }).image)).toBe(true);
      expect((await base.engine.container(build.container)).State.Running).toBe(true);
      await build.capture();
    } finally {
      await build.end();
    }
  });

  test('reaps what steps leave behind', async () => {
    const build = await Build.start({}, fromId(plain.id));
    try {
      await build.run('(sleep 0.05 &) ; (sleep 0.05 &)');
      const zombies = 'cat /proc/[0-9]*/stat 2>/dev/null | grep -c " Z " || true';
      expect(
        await build.ctx.poll('zombies to go', async () => ((await build.run(zombies)) === '0\n' ? true : undefined)),
      ).toBe(true);
    } finally {
      await build.end();
    }
  });

  test('says how to get in and how to remove it', async () => {
    const build = await Build.start({ execUser: 'app' }, fromId(plain.id));
    try {
      expect(build.driver.access!(build.machine, build.config)).toEqual({
        enter: `docker exec -it -u app ${build.container} /bin/sh`,
        remove: `docker rm -f -v ${build.container}`,
      });
      expect(build.on.facts).toMatchObject({ Host: build.container, User: 'app', ConnType: 'docker' });
    } finally {
      await build.end();
    }
  });

  describe('is deleted', () => {
    test('twice without an error, and is not there any more', async () => {
      const build = await Build.start({}, fromId(base.id));
      const artifact = (await build.capture())!;
      const records = [...build.ctx.seen.records];
      for (const record of records) expect(await build.driver.exists(record, build.ctx)).toBe(true);
      for (let time = 0; time < 2; time += 1)
        for (const record of records) await build.driver.destroy(record, build.ctx);
      for (const record of records) expect(await build.driver.exists(record, build.ctx)).toBe(false);
      expect(await base.engine.imageExists(artifact.id)).toBe(false);
      await build.end();
    });

    test('by its token where the answer to its creation was lost', async () => {
      const build = await Build.start({}, fromId(base.id));
      await build.checkpoint();
      await build.capture();
      for (const { id: _id, ...lost } of build.ctx.seen.records) {
        expect(await build.driver.exists(lost, build.ctx)).toBe(true);
        await build.driver.destroy(lost, build.ctx);
        expect(await build.driver.exists(lost, build.ctx)).toBe(false);
        await build.driver.destroy(lost, build.ctx);
      }
      await build.end();
    });

    test('with its anonymous volumes', async () => {
      const build = await Build.start({ containerDir: '/scratch' }, fromId(base.id));
      const { Mounts } = (await base.engine.container(build.container)) as unknown as { Mounts: { Name: string }[] };
      expect(Mounts).toHaveLength(2);
      await build.end();
      for (const { Name } of Mounts) {
        await expect(base.engine.client.json('GET', `/volumes/${Name}`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      }
    });

    test('while a command runs in it', async () => {
      const build = await Build.start({}, fromId(base.id));
      const running = execute(build.on, 'sleep 1000', build.ctx.signal);
      await build.ctx.poll('the command', async () =>
        (await base.engine.processes(build.container)) > 2 ? true : undefined,
      );
      await build.end();
      expect((await running).result).toEqual({ ended: 'disconnect' });
    });

    test('but a name that the user gave the image keeps it', async () => {
      const build = await Build.start({}, fromId(plain.id));
      const artifact = (await build.capture())!;
      const name = `goldsmith-test/mine:${Date.now()}`;
      await base.engine.tag(artifact.id, name.split(':')[0]!, name.split(':')[1]!);
      await build.end();
      expect((await base.engine.image(name)).RepoTags).toEqual([name]);
      await base.engine.removeImage(name, false);
    });

    test('and a container of an earlier try with the same name makes room', async () => {
      const ctx = testContext();
      const driver = await docker.load(ctx);
      const config = docker.schema.parse({ network: 'none' });
      const again = {
        ...ctx,
        acquire: async (kind: string, locator: never, create: (token: string) => Promise<string>) => ({
          kind,
          locator,
          token: ctx.run.id,
          id: await create(ctx.run.id),
        }),
      };
      const first = await driver.launch(config, fromId(plain.id), again);
      const second = await driver.launch(config, fromId(plain.id), again);
      expect(second.resource.id).not.toBe(first.resource.id);
      expect(await driver.exists(first.resource, ctx)).toBe(false);
      await driver.destroy(first.resource, ctx);
      await driver.destroy(second.resource, ctx);
      expect(await driver.exists(second.resource, ctx)).toBe(false);
      await driver.close?.();
      ctx.dispose();
    });
  });

  describe('that cannot be started says so', () => {
    test('where the image has no shell', async () => {
      const { pack } = require('tar-stream') as typeof import('tar-stream');
      const archive = pack();
      archive.entry({ name: 'nothing' }, '');
      archive.finalize();
      const name = `goldsmith.local/test/empty:${Date.now()}`;
      const { importFile } =
        require('../../../lib/platforms/docker/import-file') as typeof import('../../../lib/platforms/docker/import-file');
      const { Readable } = require('node:stream') as typeof import('node:stream');
      const id = await importFile(
        base.engine,
        Readable.from(archive as AsyncIterable<Buffer>, { objectMode: false }),
        name,
        {},
        new AbortController().signal,
      );
      await expect(Build.start({}, fromId(id))).rejects.toMatchObject({
        code: 'LAUNCH_FAILED',
        hint: expect.stringContaining('needs /bin/sh') as string,
      });
      await base.engine.removeImage(id, true);
    });

    test('where its own main process ends', async () => {
      const failure = await Build.start({ entrypoint: ['/bin/sh', '-c', 'echo nope; exit 7'] }, fromId(base.id)).catch(
        (error: GoldsmithError) => error,
      );
      expect(failure).toMatchObject({
        code: 'LAUNCH_FAILED',
        message: expect.stringContaining('exit status 7') as string,
        output: 'nope\n',
      });
    });

    test('where the image is gone', async () => {
      await expect(Build.start({}, fromId(`sha256:${'0'.repeat(64)}`))).rejects.toMatchObject({
        code: 'NOT_FOUND',
        hint: expect.stringContaining('goldsmith update') as string,
      });
    });
  });
});
