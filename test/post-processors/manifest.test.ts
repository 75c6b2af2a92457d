import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Artifact, ProcessContext } from '../../lib/extension';
import { manifest, type ManifestConfig } from '../../lib/post-processors/manifest';
import { describeIf } from '../helpers/requires';
import { filesArtifact, IMAGE, originOf, processContext, temporaryFolder } from './support';

const root = temporaryFolder();
let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(root, 'm-'));
  fs.mkdirSync(path.join(folder, 'artifacts'));
  fs.writeFileSync(path.join(folder, 'artifacts/disk.tar'), 'x'.repeat(42));
});

interface Manifest {
  builds: { name: string; artifact_id: string; packer_run_uuid: string; goldsmith?: { cached: boolean } }[];
  last_run_uuid: string;
}

async function run(
  config: ManifestConfig,
  inputs: readonly Artifact[],
  changes: Partial<ProcessContext> = {},
): Promise<Manifest> {
  const ctx = processContext(folder, inputs, changes);
  try {
    expect(await manifest.run(config, inputs, ctx)).toBeUndefined();
  } finally {
    ctx.end();
  }
  return read(config.output);
}

function read(output = 'packer-manifest.json'): Manifest {
  return JSON.parse(fs.readFileSync(path.join(folder, output), 'utf8')) as Manifest;
}

test("has Packer's shape, and ours under a key of its own", async () => {
  expect(await run({ customData: { team: 'core' } }, [filesArtifact(folder, 'artifacts/disk.tar')])).toEqual({
    builds: [
      {
        name: 'Web/Docker',
        builder_type: 'docker',
        build_time: 1_700_000_000,
        files: [{ name: 'artifacts/disk.tar', size: 42 }],
        artifact_id: 'id-1',
        packer_run_uuid: 'run-1',
        custom_data: { team: 'core' },
        goldsmith: {
          app: 'test',
          image: 'Web',
          cached: false,
          artifact: { use: 'docker', kind: 'docker-export', outputs: {} },
        },
      },
    ],
    last_run_uuid: 'run-1',
  });
  expect(Object.keys(read().builds[0]!)).toEqual([
    'name',
    'builder_type',
    'build_time',
    'files',
    'artifact_id',
    'packer_run_uuid',
    'custom_data',
    'goldsmith',
  ]);
});

test('stripPath, stripTime, and null where there is nothing', async () => {
  const { builds } = await run({ stripPath: true, stripTime: true }, [
    filesArtifact(folder, 'artifacts/disk.tar'),
    IMAGE,
  ]);
  expect(builds[0]).toMatchObject({ files: [{ name: 'disk.tar', size: 42 }] });
  expect(builds[0]).not.toHaveProperty('build_time');
  expect(builds[1]).toMatchObject({ files: null, custom_data: null });
});

test('another run adds to it; with force it starts anew, but not within one run', async () => {
  await run({}, [IMAGE]);
  const again = { run: { id: 'run-2', app: 'test', startedAt: 0 } };
  expect((await run({}, [IMAGE], again)).builds.map((build) => build.packer_run_uuid)).toEqual(['run-1', 'run-2']);
  const forced = { run: { id: 'run-3', app: 'test', startedAt: 0 }, force: true };
  await run({}, [IMAGE], forced);
  expect(await run({}, [{ ...IMAGE, id: 'sha256:def' }], forced)).toMatchObject({
    builds: [{ artifact_id: 'sha256:abc' }, { artifact_id: 'sha256:def' }],
    last_run_uuid: 'run-3',
  });
});

test('a build from the cache takes the place of its earlier entry, so that the file does not grow', async () => {
  await run({}, [IMAGE, { ...IMAGE, id: 'sha256:other' }]);
  const cached = { origins: [originOf(IMAGE, { cached: true })], run: { id: 'run-2', app: 'test', startedAt: 0 } };
  const { builds } = await run({}, [IMAGE], cached);
  expect(builds.map((build) => [build.artifact_id, build.packer_run_uuid])).toEqual([
    ['sha256:other', 'run-1'],
    ['sha256:abc', 'run-2'],
  ]);
});

test('of two runs at once, the one that builds may write after the one that took it from the cache', async () => {
  const cached = { origins: [originOf(IMAGE, { cached: true })], run: { id: 'run-2', app: 'test', startedAt: 0 } };
  await run({}, [IMAGE], cached);
  const { builds } = await run({}, [IMAGE]);
  expect(builds.map((build) => [build.packer_run_uuid, build.goldsmith?.cached])).toEqual([['run-1', false]]);
});

test('a build that was made again has an entry of its own, though the artifact has the same id', async () => {
  await run({}, [IMAGE], { origins: [originOf(IMAGE, { cached: true })] });
  const later = { origins: [originOf(IMAGE, { builtAt: 1_700_000_060_000 })] };
  expect((await run({}, [IMAGE], later)).builds.map(({ goldsmith }) => goldsmith?.cached)).toEqual([true, false]);
});

test('many that write at once all get in', async () => {
  const ids = Array.from({ length: 20 }, (_, index) => `sha256:${index}`);
  await Promise.all(ids.map((id) => run({}, [{ ...IMAGE, id }])));
  expect(
    read()
      .builds.map((build) => build.artifact_id)
      .sort(),
  ).toEqual(ids.sort());
});

test('a file that is no manifest is left alone', async () => {
  fs.writeFileSync(path.join(folder, 'packer-manifest.json'), '{"name": "something else"}');
  await expect(run({}, [IMAGE])).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
  fs.writeFileSync(path.join(folder, 'packer-manifest.json'), 'no json');
  await expect(run({}, [IMAGE])).rejects.toThrow('is no manifest');
  expect((await run({}, [IMAGE], { force: true })).builds).toHaveLength(1);
});

test('the name of the build may stand in the output', async () => {
  const ctx = processContext(folder, [IMAGE]);
  await manifest.run({ output: 'out/{{.BuildName}}.json' }, [IMAGE], ctx);
  ctx.end();
  expect(fs.readdirSync(path.join(folder, 'out'))).toEqual(['web-docker.json']);
});

const packer = ((): boolean => {
  try {
    return /^Packer|^\d/.test(
      execFileSync('packer', ['version'], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], CHECKPOINT_DISABLE: '1' },
      }),
    );
  } catch {
    return false;
  }
})();

describeIf(packer, 'there is no packer in PATH', 'together with Packer itself', () => {
  const build = (...args: string[]): void => {
    const template = {
      builders: [{ type: 'null', name: 'theirs', communicator: 'none' }],
      'post-processors': [{ type: 'manifest', output: 'packer-manifest.json' }],
    };
    fs.writeFileSync(path.join(folder, 'template.json'), JSON.stringify(template));
    const env = { PATH: process.env['PATH'], HOME: folder, CHECKPOINT_DISABLE: '1' };
    execFileSync('packer', ['build', ...args, 'template.json'], { cwd: folder, env, stdio: 'pipe' });
  };

  test('we add to its file, and it adds to ours and keeps what it knows', async () => {
    build();
    await run({}, [IMAGE]);
    expect(read().builds.map(({ name }) => name)).toEqual(['theirs', 'Web/Docker']);
    build();
    const { builds } = read();
    expect(builds.map(({ name }) => name)).toEqual(['theirs', 'Web/Docker', 'theirs']);
    const { goldsmith, ...ours } = builds[1]!;
    expect(Object.keys(ours)).toEqual(
      Object.keys(builds[2]!)
        .concat('build_time')
        .filter((key, index, all) => all.indexOf(key) === index),
    );
    // Packer reads into its own fields and writes those, so ours are gone after it.
    expect(goldsmith).toBeUndefined();
  });
});
