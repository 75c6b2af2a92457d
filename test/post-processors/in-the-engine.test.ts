import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Construct } from 'constructs';
import type { GoldsmithError } from '../../lib';
import {
  App,
  ArtificePostProcessor,
  build,
  ChecksumPostProcessor,
  CompressPostProcessor,
  ConvertPostProcessor,
  Image,
  ManifestPostProcessor,
  PostProcessorChain,
  ShellLocalPostProcessor,
  Source,
  text,
  VagrantPostProcessor,
  type PlatformExtension,
  type RunReport,
} from '../../lib';
import { NullSource } from '../../lib/platforms/null';
import { localCommunicator } from '../../lib/communicators/local';
import { has, run as tool } from '../helpers/programs';
import { describeIf } from '../helpers/requires';
import { makeDisk, temporaryFolder } from './support';
import { z } from 'zod';

const folder = temporaryFolder();

/** A platform whose artifact is one file. */
const box: PlatformExtension<{ label?: string; makes?: string }> = {
  kind: 'platform',
  use: 'box',
  module: 'goldsmith-test-box',
  schema: z.strictObject({
    label: z.string().optional(),
    makes: z.string().optional(),
  }) as unknown as PlatformExtension<{ label?: string; makes?: string }>['schema'],
  produces: ({ makes = 'box' }) => makes,
  load: () =>
    Promise.resolve({
      launch: async (_config, _from, ctx) => ({
        resource: await ctx.acquire('box:machine', null, (token) => Promise.resolve(token)),
        data: null,
      }),
      connect: (_machine, _config, { clock, env, projectDir }) =>
        Promise.resolve(localCommunicator({ clock, env, cwd: projectDir })),
      capture: async (_machine, { makes = 'box' }, ctx) => {
        const output = `boxes/${ctx.node.image}-${ctx.node.source}.img`;
        const disk = ctx.resolvePath('made.raw');
        const record = await ctx.writeOutput(output, (temporary) =>
          fs.existsSync(disk)
            ? fs.promises.copyFile(disk, temporary)
            : fs.promises.writeFile(temporary, `box of ${ctx.node.id}\n`),
        );
        const files = [{ path: output, size: fs.statSync(ctx.resolvePath(output)).size }];
        return {
          use: 'box',
          kind: makes,
          id: `box:${ctx.node.id}`,
          files,
          resources: [record],
          outputs: { path: output, imageId: 'sha256:1' },
        };
      },
      exists: () => Promise.resolve(true),
      destroy: () => Promise.resolve(),
    }),
};

class BoxSource extends Source<object> {
  constructor(scope: Construct, id: string, props: object = {}) {
    super(scope, id, { label: `${scope.node.path}/${id}`, ...props }, box);
  }
  base(): undefined {
    return undefined;
  }
}

function app(name: string): App {
  return new App(name, { baseDir: fs.mkdtempSync(path.join(folder, `${name}-`)), variables: {} });
}

async function run(program: App): Promise<RunReport> {
  const report = await program.build({ parallel: 4 });
  expect(report.nodes.filter(({ error }) => error).map(({ id, error }) => [id, error?.message])).toEqual([]);
  return report;
}

test('a chain hands on from link to link; what compress took is gone, what the others took stays', async () => {
  const program = app('chain');
  const web = new Image(program, 'Web');
  new BoxSource(web, 'A');
  new BoxSource(web, 'B');
  const chain = new PostProcessorChain(web, 'Release');
  new CompressPostProcessor(chain, 'Zip');
  new ChecksumPostProcessor(chain, 'Sums', { checksumTypes: ['sha256'], format: 'gnu' });
  new ShellLocalPostProcessor(chain, 'Look', { command: 'printf "%s\\n" "$GOLDSMITH_ARTIFACT_FILES" >>seen' });
  await run(program);

  const at = (name: string): string => path.join(program.baseDir, name);
  expect(fs.readdirSync(at('artifacts')).sort()).toEqual([
    'web-a.sha256',
    'web-a.tar.gz',
    'web-b.sha256',
    'web-b.tar.gz',
  ]);
  expect(
    execFileSync('sha256sum', ['-c', 'web-a.sha256', 'web-b.sha256'], { cwd: at('artifacts'), encoding: 'utf8' }),
  ).toBe('web-a.tar.gz: OK\nweb-b.tar.gz: OK\n');
  expect(execFileSync('tar', ['-xzOf', 'artifacts/web-a.tar.gz'], { cwd: program.baseDir, encoding: 'utf8' })).toBe(
    'box of Web/A\n',
  );
  expect(fs.readFileSync(at('seen'), 'utf8').trim().split('\n').sort()).toEqual(
    ['web-a.sha256', 'web-a.tar.gz', 'web-b.sha256', 'web-b.tar.gz'].map((name) => at(`artifacts/${name}`)),
  );
  expect(fs.readdirSync(at('boxes'))).toEqual([]);
});

test('builds that run side by side all get into one manifest, and a run from the cache is written into it too', async () => {
  const program = app('manifest');
  for (const name of ['One', 'Two', 'Three']) {
    const image = new Image(program, name);
    new BoxSource(image, 'A');
    new BoxSource(image, 'B');
    new ManifestPostProcessor(image, 'Manifest', { customData: { image: build.image, label: text`${build.name}!` } });
  }
  const read = (): {
    builds: { name: string; packer_run_uuid: string; custom_data: object }[];
    last_run_uuid: string;
  } =>
    JSON.parse(fs.readFileSync(path.join(program.baseDir, 'packer-manifest.json'), 'utf8')) as ReturnType<typeof read>;
  const first = await run(program);
  const names = ['One/A', 'One/B', 'Three/A', 'Three/B', 'Two/A', 'Two/B'];
  expect(
    read()
      .builds.map(({ name }) => name)
      .sort(),
  ).toEqual(names);
  expect(read().builds.find(({ name }) => name === 'Two/B')!.custom_data).toEqual({ image: 'Two', label: 'two-b!' });

  const second = await run(program);
  expect(second.run).not.toBe(first.run);
  expect(read().last_run_uuid).toBe(second.run);
  expect(
    read()
      .builds.map(({ name, packer_run_uuid }) => [name, packer_run_uuid])
      .sort(),
  ).toEqual(names.map((name) => [name, second.run]));
});

test('under the App one archive takes what all images made', async () => {
  const program = app('all');
  for (const name of ['One', 'Two']) new BoxSource(new Image(program, name), 'A');
  new CompressPostProcessor(program, 'Everything', { keepInputArtifact: true });
  await run(program);
  const listed = execFileSync('tar', ['-tzf', 'artifacts/everything.tar.gz'], {
    cwd: program.baseDir,
    encoding: 'utf8',
  });
  expect(listed.trim().split('\n').sort()).toEqual(['boxes/One-A.img', 'boxes/Two-A.img']);
  expect(fs.readdirSync(path.join(program.baseDir, 'boxes')).sort()).toEqual(['One-A.img', 'Two-A.img']);
});

test('a link that takes all artifacts and makes none hands on every one of them, also from the cache', async () => {
  const program = app('hand-on');
  const web = new Image(program, 'Web');
  new BoxSource(web, 'A');
  new BoxSource(web, 'B');
  const chain = new PostProcessorChain(web, 'Release');
  new ShellLocalPostProcessor(chain, 'First', { command: 'true', inputs: 'all' });
  new ManifestPostProcessor(chain, 'List', { output: 'list.json' });
  new CompressPostProcessor(chain, 'Zip', { output: 'all.tar.gz', keepInputArtifact: true });
  for (const expected of ['succeeded', 'cached']) {
    const report = await run(program);
    expect(report.nodes.find(({ id }) => id === 'Web/Release/First')?.state).toBe(expected);
    const { builds } = JSON.parse(fs.readFileSync(path.join(program.baseDir, 'list.json'), 'utf8')) as {
      builds: { name: string; artifact_id: string }[];
    };
    expect(builds.map(({ name, artifact_id }) => [name, artifact_id])).toEqual([
      ['Web/A', 'box:Web/A'],
      ['Web/B', 'box:Web/B'],
    ]);
    const listed = execFileSync('tar', ['-tzf', 'all.tar.gz'], { cwd: program.baseDir, encoding: 'utf8' });
    expect(listed.trim().split('\n').sort()).toEqual(['boxes/Web-A.img', 'boxes/Web-B.img']);
  }
});

test('after a build without an artifact, what needs none runs each time, and artifice begins the chain', async () => {
  const program = app('none');
  const image = new Image(program, 'Here');
  new NullSource(image, 'Null');
  const chain = new PostProcessorChain(image, 'Release');
  new ShellLocalPostProcessor(chain, 'Make', {
    inline: ['echo "$GOLDSMITH_BUILD" >>made', 'test -z "$GOLDSMITH_ARTIFACT_ID"'],
  });
  new ArtificePostProcessor(chain, 'Find', { files: ['made'] });
  new CompressPostProcessor(chain, 'Zip', { output: 'made.gz', keepInputArtifact: true });
  new ChecksumPostProcessor(image, 'Sums', {});
  for (const times of [1, 2]) {
    const report = await run(program);
    expect(report.status).toBe('succeeded');
    const made = execFileSync('gzip', ['-dc', 'made.gz'], { cwd: program.baseDir, encoding: 'utf8' });
    expect(made).toBe('Here/Null\n'.repeat(times));
  }
});

test('artifice takes files that a changed program left, although nothing in the plan changed', async () => {
  const program = app('artifice');
  const image = new Image(program, 'Web');
  new BoxSource(image, 'A');
  const chain = new PostProcessorChain(image, 'Pack');
  new ArtificePostProcessor(chain, 'Find', { files: ['*.qcow2'] });
  new CompressPostProcessor(chain, 'Zip', { output: 'found.gz', keepInputArtifact: true });
  const disk = path.join(program.baseDir, 'disk.qcow2');
  for (const content of ['first', 'second']) {
    fs.writeFileSync(disk, content);
    await run(program);
    expect(execFileSync('gzip', ['-dc', 'found.gz'], { cwd: program.baseDir, encoding: 'utf8' })).toBe(content);
  }
});

describe('names of outputs', () => {
  test("Packer's fields become facts of each build, so that two outputs that would be the same are seen at synth", () => {
    const program = app('names');
    const web = new Image(program, 'Web');
    new BoxSource(web, 'A');
    new BoxSource(web, 'B');
    new CompressPostProcessor(web, 'Zip', { output: 'out/{{ .BuildName }}-{{.BuilderType}}.zip' });
    new ChecksumPostProcessor(web, 'Sums', { inputs: 'all', output: '{{.BuildName}}.{{.ChecksumType}}' });
    const outputs = program
      .synth()
      .nodes.flatMap((node) => (node.kind === 'process' ? [node.step.config['output']] : []));
    expect(outputs).toEqual(['out/web-a-box.zip', 'out/web-b-box.zip', 'web-sums.{{.ChecksumType}}']);

    new CompressPostProcessor(web, 'Same', { output: 'same.tar' });
    expect(() => program.synth()).toThrow(expect.objectContaining({ code: 'DUPLICATE_ARTIFACT' }) as GoldsmithError);
  });

  test('the first link of a chain decides whether there is one build or several', () => {
    const program = app('links');
    const web = new Image(program, 'Web');
    new BoxSource(web, 'A');
    new BoxSource(web, 'B');
    const chain = new PostProcessorChain(web, 'Chain');
    new ShellLocalPostProcessor(chain, 'First', { command: 'true', inputs: 'all' });
    new CompressPostProcessor(chain, 'Zip');
    const node = program.synth().nodes.find(({ id }) => id === 'Web/Chain/Zip');
    expect(node).toMatchObject({ step: { config: { output: 'artifacts/web-chain-zip.tar.gz' } } });
  });
});

describe('what no build is worth', () => {
  test('a name that is taken is refused before anything is built, with all that is wrong, unless forced', async () => {
    const program = app('taken');
    const web = new Image(program, 'Web');
    new BoxSource(web, 'A');
    new ConvertPostProcessor(web, 'Convert', { formats: ['raw'], output: 'mine.{{.Extension}}' });
    const chain = new PostProcessorChain(web, 'Chain');
    new ShellLocalPostProcessor(chain, 'Look', { command: 'true' });
    new CompressPostProcessor(chain, 'Zip', { output: 'mine.zip' });
    for (const name of ['mine.img', 'mine.zip']) fs.writeFileSync(path.join(program.baseDir, name), 'not yours');
    const report = await program.build();
    const { error } = report.nodes.find(({ id }) => id === 'Web/A')!;
    expect(error?.message).toMatch(/`mine.img` is there already[^]*`mine.zip` is there already/);
    expect(fs.existsSync(path.join(program.baseDir, 'boxes'))).toBe(false);
    const forced = await program.build({ force: true, select: ['Web/Chain/**'] });
    expect(forced.nodes.map(({ id, state }) => [id, state])).toContainEqual(['Web/Chain/Zip/A', 'succeeded']);
  });

  test('no qemu-img: nothing is built that could not be converted', async () => {
    const program = app('no-tool');
    const web = new Image(program, 'Web');
    new BoxSource(web, 'A');
    new ConvertPostProcessor(web, 'Convert', { formats: ['raw'] });
    const report = await program.build({ env: { PATH: program.baseDir } });
    expect(report.nodes.map(({ id, state, error }) => [id, state, error?.code])).toEqual([
      ['Web/A', 'failed', 'PLATFORM_UNAVAILABLE'],
      ['Web/Convert/A', 'skipped', undefined],
    ]);
    expect(fs.existsSync(path.join(program.baseDir, 'boxes'))).toBe(false);
  });
});

const ready = has('qemu-img') && has('mkfs.ext4');
describeIf(ready, 'it needs qemu-utils and e2fsprogs', 'from a disk to a box', () => {
  test('a disk that a build leaves becomes another format, a box of it, and their checksums; again, all is cached', async () => {
    const program = app('box');
    const web = new Image(program, 'Web');
    new BoxSource(web, 'A');
    makeDisk(program.baseDir, 'made.raw');
    const chain = new PostProcessorChain(web, 'Release');
    new ConvertPostProcessor(chain, 'Convert', { formats: ['qcow2'], output: 'out/web.qcow2' });
    new VagrantPostProcessor(chain, 'Box', {
      output: 'out/{{.BuildName}}-{{.Provider}}.box',
      catalog: { name: 'acme/web', version: '1.0.0', output: 'out/web.json' },
    });
    new ChecksumPostProcessor(chain, 'Sums', { checksumTypes: ['sha256'], format: 'gnu', output: 'out/sums' });
    await run(program);
    const at = (name: string): string => path.join(program.baseDir, name);
    // The box took the disk over, as in Packer.
    expect(fs.readdirSync(at('out')).sort()).toEqual(['sums', 'web-a-libvirt.box', 'web.json']);
    expect(execFileSync('sha256sum', ['-c', 'sums'], { cwd: at('out'), encoding: 'utf8' })).toContain('.box: OK');
    expect(tool('tar', '-tf', at('out/web-a-libvirt.box')).trim().split('\n')).toContain('box.img');
    const states = (await run(program)).nodes.map(({ id, state }) => [id, state]);
    expect(states).toContainEqual(['Web/Release/Box/A', 'cached']);
  });
});

test('a box that only names an image does not take the image away', async () => {
  const program = app('named');
  const web = new Image(program, 'Web');
  new BoxSource(web, 'A', { makes: 'docker-image' });
  new VagrantPostProcessor(web, 'Box', { output: 'web.box', keepInputArtifact: false });
  await run(program);
  expect(fs.readdirSync(path.join(program.baseDir, 'boxes'))).toEqual(['Web-A.img']);
  expect(tool('tar', '-xOf', path.join(program.baseDir, 'web.box'), 'Vagrantfile')).toContain('"sha256:1"');
});
