import * as fs from 'node:fs';
import * as path from 'node:path';
import { describeIf } from '../../helpers/requires';
import type { DockerConfigProps } from '../../../lib/platforms/docker';
import { testContext, type TestContext } from './context';
import { hasEngine, NO_ENGINE } from '../../helpers/docker';
import { Base, Build } from './fixture';

describeIf(hasEngine, NO_ENGINE, 'a Dockerfile', () => {
  let base: Base;
  let dir: TestContext;
  beforeAll(async () => {
    base = await Base.make();
    dir = testContext();
  });
  afterAll(async () => {
    await base.remove();
    dir.dispose();
  });

  const write = (name: string, content: string): string => {
    const file = path.join(dir.projectDir, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
    return file;
  };
  const start = (props: DockerConfigProps) => Build.start(props, { kind: 'base', base: undefined });

  test.each([false, true])('is what a build starts from (compressed: %p)', async (compress) => {
    const file = write(
      'docker/Dockerfile',
      `FROM ${base.name} AS first\nARG WHO\nENV WHO=$WHO\nCOPY . /app\nCMD ["from the Dockerfile"]\nFROM first\nRUN false\n`,
    );
    write('context/kept.txt', 'kept');
    write('context/sub/left-out.log', 'x');
    write('context/sub/exception.log', 'exception');
    write('context/.dockerignore', '**/*.log\n!sub/exception.log\n');
    const buildDir = path.join(dir.projectDir, 'context');
    const build = await start({
      build: { path: file, buildDir, arguments: { WHO: 'ada $x' }, target: 'first', compress },
      changes: ['ENV ADDED=1'],
    });
    try {
      expect(await build.run('echo $WHO; cd /app; cat kept.txt sub/exception.log; ls sub')).toBe(
        'ada $x\nkeptexceptionexception.log\n',
      );
      expect(build.ctx.seen.output.join('')).toContain('Step 1/');
      const artifact = (await build.capture())!;
      const image = await base.engine.image(artifact.id);
      expect(image.Config).toMatchObject({ Cmd: ['from the Dockerfile'], Labels: build.ctx.labels });
      expect(image.Config!.Env).toEqual(expect.arrayContaining(['WHO=ada $x', 'ADDED=1']));
      // What it made is let go; what was made from that stays.
      const [made, container] = build.ctx.seen.records;
      await build.driver.destroy(container!, build.ctx);
      await build.driver.destroy(made!, build.ctx);
      expect(await base.engine.imageExists(artifact.id)).toBe(true);
      expect((await base.engine.image(made!.id!)).RepoTags).toEqual([]);
    } finally {
      await build.end();
    }
  });

  test('that fails says with what, and leaves nothing', async () => {
    const file = write('bad/Dockerfile', `FROM ${base.name}\nRUN echo going wrong; exit 3\n`);
    const ctx = testContext();
    const { docker } = require('../../../lib/platforms/docker') as typeof import('../../../lib/platforms/docker');
    const driver = await docker.load(ctx);
    const failure = driver.launch(
      docker.schema.parse({ build: { path: file } }),
      { kind: 'base', base: undefined },
      ctx,
    );
    await expect(failure).rejects.toMatchObject({
      code: 'LAUNCH_FAILED',
      message: expect.stringMatching(/Dockerfile could not be built.*returned a non-zero code: 3/s) as string,
    });
    expect(ctx.seen.output.join('')).toContain('going wrong');
    for (const record of ctx.seen.records) await driver.destroy(record, ctx);
    await driver.close?.();
    ctx.dispose();
  });

  test('whose base nobody has is refused', async () => {
    const file = write('none/Dockerfile', 'FROM 127.0.0.1:1/no/such:image\n');
    await expect(start({ build: { path: file } })).rejects.toMatchObject({
      message: expect.stringContaining('could not be built') as string,
    });
  });
});
