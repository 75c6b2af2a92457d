import * as fs from 'node:fs';
import * as path from 'node:path';
import { App, BaseImage, Image } from '../../lib';
import type { Artifact } from '../../lib/extension/artifact';
import type { ResourceContext } from '../../lib/extension/context';
import type { LaunchFrom, PlatformDriver } from '../../lib/extension/platform';
import { fakePlatform, type FakePlatform } from '../../lib/testing';
import { Check, Note, noted, Step } from '../helpers/extensions';
import { build, testApp, type Ran } from '../helpers/lab';

const WAITING = 'out/.goldsmith-unverified-disk.img';

/** A fake platform whose artifact is a file, and gets a name when it is published. */
function filePlatform(): { fake: FakePlatform; log: string[]; broken: { publish: boolean } } {
  const fake = fakePlatform({ checkpoints: false });
  const log: string[] = [];
  const broken = { publish: false };
  const load = fake.extension.load.bind(fake.extension);
  const changed: Partial<PlatformDriver> = {
    async capture(_machine, _config, ctx: ResourceContext): Promise<Artifact> {
      const output = 'out/disk.img';
      const content = `made by ${fake.commands
        .map(({ command }) => command)
        .filter((c) => c.startsWith('v'))
        .at(-1)}`;
      const resource = await ctx.writeOutput(output, (temporary) => fs.promises.writeFile(temporary, content));
      log.push('captured');
      const files = [{ path: output, size: content.length }];
      const outputs = { path: output, more: [output, `${output}/x`], name: null };
      return { use: 'fake', kind: 'fake-image', id: content, files, resources: [resource], outputs };
    },
    publish(artifact) {
      if (broken.publish) return Promise.reject(new Error('no names today'));
      log.push('published');
      return Promise.resolve({ ...artifact, outputs: { ...artifact.outputs, name: 'web:1' } });
    },
  };
  const extension = {
    load: async (ctx: Parameters<typeof load>[0]): Promise<PlatformDriver> => {
      const driver = await load(ctx);
      const launch = driver.launch.bind(driver);
      return Object.assign(driver as PlatformDriver, {
        ...changed,
        launch: async (config: never, from: LaunchFrom, c: ResourceContext) => {
          if (from.kind !== 'artifact') return launch(config, from, c);
          log.push(`booted ${from.artifact.files[0]!.path}`);
          fs.accessSync(c.resolvePath(from.artifact.files[0]!.path));
          return launch(config, { kind: 'base', base: undefined }, c);
        },
      });
    },
  };
  Object.assign(fake.extension, extension);
  return { fake, log, broken };
}

interface Lab {
  readonly dir: string;
  readonly log: string[];
  readonly broken: { publish: boolean };
  /** Builds version `version` with these checks, of which `failing` fails. */
  run(version: string, checks: readonly string[], failing?: string): Promise<Ran>;
  files(): Record<string, string>;
}

function lab(more: (core: Image, app: App) => void = () => undefined): Lab {
  const { fake, log, broken } = filePlatform();
  const dir = testApp().baseDir;
  return {
    dir,
    log,
    broken,
    run: async (version, checks, failing) => {
      const app = new App('test', { baseDir: dir });
      const core = new Image(app, 'Core');
      new fake.Source(core, 'Fake');
      new Step(core, 'Make', version);
      for (const check of checks) new Check(core, check, check);
      more(core, app);
      fake.onCommand(({ command }) => (command === failing ? { code: 1 } : undefined));
      const ran = await build(app);
      expect(fake.machines).toEqual([]);
      return ran;
    },
    files: () => {
      const folder = path.join(dir, 'out');
      const names = fs.existsSync(folder) ? fs.readdirSync(folder).sort() : [];
      return Object.fromEntries(names.map((name) => [name, fs.readFileSync(path.join(folder, name), 'utf8')]));
    },
  };
}

test('what passes is published after the last check, and then named by its place', async () => {
  noted.length = 0;
  const { run, log, files } = lab((core) => void new Note(core, 'Note'));
  const { report, node } = await run('v1', ['A', 'B']);
  expect(report.ok).toBe(true);
  expect(log).toEqual(['captured', `booted ${WAITING}`, `booted ${WAITING}`, 'published']);
  expect(files()).toEqual({ 'disk.img': 'made by v1' });
  expect(node('Core/Fake').artifact).toMatchObject({
    files: [{ path: 'out/disk.img' }],
    outputs: { path: 'out/disk.img', more: ['out/disk.img', 'out/disk.img/x'], name: 'web:1' },
  });
  expect(noted).toHaveLength(1);
  expect((await run('v1', ['A', 'B'])).states).toMatchObject({ 'Core/Fake': 'cached', 'Core/A/Fake': 'cached' });
});

test('what fails is not published, and what was there before stays', async () => {
  const { run, log, files } = lab();
  await run('v1', ['A', 'B']);
  log.length = 0;
  const { report, node, states } = await run('v2', ['A', 'B'], 'B');
  expect(states).toMatchObject({ 'Core/Fake': 'succeeded', 'Core/A/Fake': 'succeeded', 'Core/B/Fake': 'failed' });
  expect(log).not.toContain('published');
  expect(files()).toEqual({ 'disk.img': 'made by v1', '.goldsmith-unverified-disk.img': 'made by v2' });
  expect(node('Core/Fake').artifact?.files).toEqual([{ path: WAITING, size: 10 }]);
  expect(node('Core/B/Fake').error?.hint).toContain(`out/disk.img is not touched; what did not pass is ${WAITING}`);
  expect(report.left).toEqual([]);
  // Back to what was good: it is still there.
  expect((await run('v1', ['A', 'B'])).states).toMatchObject({ 'Core/Fake': 'cached', 'Core/B/Fake': 'cached' });
});

test('it is published without a build as soon as the checks are mended, or gone', async () => {
  const { run, log, files } = lab();
  await run('v1', ['A'], 'A');
  expect(files()).toEqual({ '.goldsmith-unverified-disk.img': 'made by v1' });
  expect((await run('v1', ['A'])).states).toEqual({ 'Core/Fake': 'cached', 'Core/A/Fake': 'succeeded' });
  expect(files()).toEqual({ 'disk.img': 'made by v1' });

  await run('v2', ['A'], 'A');
  expect((await run('v2', [])).states).toEqual({ 'Core/Fake': 'cached' });
  expect(files()).toEqual({ 'disk.img': 'made by v2' });
  expect(log.filter((line) => line === 'captured')).toHaveLength(2);
});

test('a publication that broke off is finished by the next run', async () => {
  const { run, broken, files } = lab();
  broken.publish = true;
  expect((await run('v1', ['A'])).states).toEqual({ 'Core/Fake': 'succeeded', 'Core/A/Fake': 'failed' });
  expect(files()).toEqual({ 'disk.img': 'made by v1' });
  broken.publish = false;
  const { states, node } = await run('v1', ['A']);
  expect(states).toEqual({ 'Core/Fake': 'cached', 'Core/A/Fake': 'cached' });
  expect(node('Core/Fake').artifact?.outputs).toMatchObject({ path: 'out/disk.img', name: 'web:1' });
});

test('a file that is not goldsmith’s is not replaced by what passed', async () => {
  const { run, dir, files } = lab();
  fs.mkdirSync(path.join(dir, 'out'));
  fs.writeFileSync(path.join(dir, 'out/disk.img'), 'precious');
  const { node } = await run('v1', ['A']);
  expect(node('Core/A/Fake').error?.code).toBe('OUTPUT_EXISTS');
  expect(files()).toMatchObject({ 'disk.img': 'precious' });
});

test('an image without verifications is published when it is captured', async () => {
  const { run, log, files } = lab();
  expect((await run('v1', [])).report.ok).toBe(true);
  expect(log).toEqual(['captured', 'published']);
  expect(files()).toEqual({ 'disk.img': 'made by v1' });
});

test('what failed is found by nobody in the catalog', async () => {
  const { fake } = filePlatform();
  const dir = testApp().baseDir;
  const app = (): App => new App('test', { baseDir: dir });
  const first = app();
  const core = new Image(first, 'Core');
  new fake.Source(core, 'Fake');
  new Check(core, 'A', 'check');
  fake.onCommand(() => ({ code: 1 }));
  await build(first);

  const second = app();
  new fake.Source(new Image(second, 'Web'), 'Fake', { base: BaseImage.fromCatalog('Core') });
  expect((await build(second)).node('Web/Fake').error?.message).toContain('has no image `Core`');
});
