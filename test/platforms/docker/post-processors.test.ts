import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Artifact } from '../../../lib/extension/artifact';
import { dockerImport, dockerSave } from '../../../lib/platforms/docker';
import { describeIf } from '../../helpers/requires';
import { testContext, type TestContext } from './context';
import { hasEngine, NO_ENGINE } from '../../helpers/docker';
import { Base, Build, fromId } from './fixture';

describeIf(hasEngine, NO_ENGINE, 'files of images', () => {
  let base: Base;
  let ctx: TestContext;
  beforeAll(async () => {
    base = await Base.make();
  });
  afterAll(() => base.remove());
  beforeEach(() => (ctx = testContext()));
  afterEach(() => ctx.dispose());

  test('docker-save writes an archive with the names, which still can be pushed and can be compressed', async () => {
    const input: Artifact = {
      use: 'docker',
      kind: 'docker-image',
      id: base.id,
      files: [],
      resources: [],
      outputs: { imageId: base.id, tags: [base.name] },
    };
    const saved = (await dockerSave.run(dockerSave.schema.parse({ path: 'out/web.tar' }), [input], ctx))!;
    const file = path.join(ctx.projectDir, 'out/web.tar');
    const manifest = JSON.parse(spawnSync('tar', ['-xOf', file, 'manifest.json'], { encoding: 'utf8' }).stdout) as {
      RepoTags: string[];
    }[];
    expect(manifest[0]!.RepoTags).toEqual([base.name]);
    const sum = spawnSync('sha256sum', [file], { encoding: 'utf8' }).stdout.slice(0, 64);
    expect(saved).toMatchObject({
      kind: 'docker-image',
      id: `out/web.tar@sha256:${sum}`,
      files: [{ path: 'out/web.tar', size: fs.statSync(file).size, sha256: sum }],
      outputs: { imageId: base.id, tags: [base.name], path: 'out/web.tar' },
    });
    const nameless = { ...input, outputs: { imageId: base.id } };
    await dockerSave.run(dockerSave.schema.parse({ path: 'nameless.tar' }), [nameless], ctx);
    expect(fs.existsSync(path.join(ctx.projectDir, 'nameless.tar'))).toBe(true);
  });

  test('docker-save of an image that is gone says so', async () => {
    const gone = `sha256:${'0'.repeat(64)}`;
    const input: Artifact = { use: 'docker', kind: 'docker-image', id: gone, files: [], resources: [], outputs: {} };
    await expect(dockerSave.run(dockerSave.schema.parse({ path: 'x.tar' }), [input], ctx)).rejects.toMatchObject({
      code: 'PROCESS_FAILED',
    });
    expect(fs.existsSync(path.join(ctx.projectDir, 'x.tar'))).toBe(false);
  });

  test('docker-import makes an image of an exported file system, with a config and labels', async () => {
    const build = await Build.start({ exportPath: 'root.tar' }, fromId(base.id));
    let imported: Artifact | undefined;
    try {
      await build.run('echo flat >/flat');
      const exported = (await build.capture())!;
      const context = { ...ctx, projectDir: build.ctx.projectDir, resolvePath: build.ctx.resolvePath.bind(build.ctx) };
      const repository = `goldsmith-test/flat-${Date.now()}`;
      const props = {
        repository,
        tag: '2',
        changes: ['CMD ["a", "b c"]', 'ENV A="x y"'],
        message: 'why',
        platform: 'linux/amd64',
      };
      imported = (await dockerImport.run(dockerImport.schema.parse(props), [exported], context))!;
      const image = await base.engine.image(imported.id);
      expect(image).toMatchObject({ RepoTags: [`${repository}:2`], Comment: 'why', Architecture: 'amd64' });
      expect(image.Config).toMatchObject({ Cmd: ['a', 'b c'], Env: ['A=x y'], Labels: ctx.labels });
      expect(imported.outputs).toEqual({ imageId: imported.id, name: `${repository}:2`, tags: [`${repository}:2`] });
      const again = await Build.start({}, { kind: 'artifact', artifact: imported });
      expect(await again.run('cat /flat')).toBe('flat\n');
      await again.end();
      const [record] = imported.resources as [Artifact['resources'][number]];
      expect(await dockerImport.exists!(record, ctx)).toBe(true);
      const { id: _id, ...lost } = record;
      for (const one of [record, record, lost]) await dockerImport.destroy!(one, ctx);
      expect(await dockerImport.exists!(record, ctx)).toBe(false);
    } finally {
      await build.end();
    }
  });

  test('docker-import refuses what it cannot take', async () => {
    const input: Artifact = { use: 'artifice', kind: 'files', id: 'x', files: [], resources: [], outputs: {} };
    await expect(
      dockerImport.run(dockerImport.schema.parse({ repository: 'a/b' }), [input], ctx),
    ).rejects.toMatchObject({ code: 'INCOMPATIBLE_INPUT' });
    expect(() => dockerImport.schema.parse({ repository: 'a/b:1' })).toThrow(/its tag belongs into `tags`/);
    expect(() => dockerImport.schema.parse({ repository: 'a/b', changes: ['STOPSIGNAL SIGTERM'] })).toThrow(
      /an import cannot set/,
    );
    fs.writeFileSync(
      path.join(ctx.projectDir, 'bad.tar'),
      'no archive at all, but long enough to be looked at'.repeat(50),
    );
    const bad = { ...input, files: [{ path: 'bad.tar', size: 1 }] };
    await expect(dockerImport.run(dockerImport.schema.parse({ repository: 'a/b' }), [bad], ctx)).rejects.toMatchObject({
      code: 'PROCESS_FAILED',
      message: expect.stringContaining('bad.tar could not be imported as a/b:latest') as string,
    });
  });
});
