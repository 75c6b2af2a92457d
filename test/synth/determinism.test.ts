import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as fc from 'fast-check';
import { Construct } from 'constructs';
import { Image, Secret, text, timestamp, uniqueId } from '../../lib';
import { writePlan } from '../../lib/plan';
import { fakePlatform, type TestApp } from '../../lib/testing';
import { Check, Note, Pack, Step, type StepProps } from '../helpers/extensions';
import { testApp } from '../helpers/lab';

const ROOT = path.resolve(__dirname, '..', '..');

/** A program as a user has it, with everything in it that could differ from place to place. */
const PROGRAM = `
const lib = process.env.GOLDSMITH_LIB;
const { App, Asset, FileProvisioner, Image, ManifestPostProcessor, Secret, ShellProvisioner, Variable, Verification, text, timestamp } = require(lib);
const { DockerSource } = require(lib + '/platforms/docker');
const order = (props) => process.env.REVERSED ? Object.fromEntries(Object.entries(props).reverse()) : props;

const app = new App('acme-images');
const release = new Variable(app, 'release', order({ default: 'bookworm', allowed: ['bookworm', 'trixie'] }));
const core = new Image(app, 'Core', order({ maxAge: '7d' }));
new DockerSource(core, 'Docker', order({ base: 'debian:' + release.value, tags: [text\`acme/core:\${timestamp()}\`], changes: ['USER app'] }));
new ShellProvisioner(core, 'Setup', order({
  script: 'scripts/setup.sh',
  env: order({ TOKEN: Secret.fromEnv('TOKEN'), A: '1' }),
  timeout: '5m', pauseBefore: '1s', maxRetries: 2,
}));
new FileProvisioner(core, 'Site', order({ source: new Asset('site/', { ignore: ['*.log'] }), destination: '/srv/' }));
const web = new Image(app, 'Web', { from: core });
new Verification(web, 'Works', order({ commands: ['nginx -t'] }));
new ManifestPostProcessor(web, 'Manifest', order({ output: 'manifest.json' }));
app.synth({ outdir: process.env.OUT });
`;

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
});

/** The plan of the program in a folder of its own, and in circumstances of its own. */
function planIn(name: string, env: Readonly<Record<string, string>>, preload = ''): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-determinism-'));
  folders.push(root);
  const project = path.join(root, name);
  fs.mkdirSync(path.join(project, 'scripts'), { recursive: true });
  fs.mkdirSync(path.join(project, 'site'));
  fs.writeFileSync(path.join(project, 'images.js'), PROGRAM);
  fs.writeFileSync(path.join(project, 'preload.js'), preload);
  fs.writeFileSync(path.join(project, 'scripts', 'setup.sh'), '#!/bin/sh\necho hello\n', { mode: 0o755 });
  for (const file of name.includes('other') ? ['b', 'a', 'x.log'] : ['a', 'b'])
    fs.writeFileSync(path.join(project, 'site', file), file);
  const out = path.join(root, 'out');
  execFileSync(
    process.execPath,
    ['-r', './preload.js', '-r', require.resolve('ts-node/register/transpile-only'), 'images.js'],
    {
      cwd: project,
      env: {
        PATH: process.env['PATH'],
        TS_NODE_PROJECT: path.join(ROOT, 'tsconfig.json'),
        GOLDSMITH_LIB: path.join(ROOT, 'lib'),
        OUT: out,
        TOKEN: 'hunter2-hunter2',
        ...env,
      },
      stdio: 'pipe',
    },
  );
  return fs.readFileSync(path.join(out, 'plan.json'), 'utf8');
}

test('the same program gives the same bytes in another folder, on another day, for another user, with props in another order', () => {
  const one = planIn('project', { HOME: '/home/alice', USER: 'alice', TZ: 'UTC' });
  const later = 'const { now } = Date; Date.now = () => now() + 86400000 * 400;';
  const two = planIn(
    'some other place/deep/down',
    { HOME: '/home/bob', USER: 'bob', TZ: 'Asia/Tokyo', LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8', REVERSED: '1' },
    later,
  );
  expect(two).toBe(one);
  expect(one).not.toContain('hunter2');
  for (const machine of [os.tmpdir(), os.homedir(), ROOT, os.hostname(), 'alice', `${new Date().getFullYear()}`])
    expect(one).not.toContain(machine);
  expect(one).toContain('"source": "images.js:');
  expect(JSON.parse(one)).toMatchObject({ schema: '1.0', app: 'acme-images' });
});

describe('a plan', () => {
  function define(app: TestApp, shuffle: <T>(list: readonly T[]) => readonly T[]): void {
    const props = (given: object): StepProps =>
      Object.fromEntries(shuffle(Object.entries(given))) as StepProps & object;
    const fake = fakePlatform();
    const core = new Image(app, 'Core', props({ maxAge: '7d' }) as object);
    new fake.Source(core, 'Fake', props({ name: 'core', size: 3, tags: props({ a: '1', b: '2', c: '3' }) }) as object);
    const group = new Construct(core, 'Group');
    new Step(
      group,
      'Step',
      props({
        run: text`${timestamp()} ${uniqueId(4)}`,
        env: props({ Z: 'z', A: Secret.fromEnv('A'), ü: '1', '10': 'x', '9': 'y' }),
        timeout: '5m',
        maxRetries: 2,
      }),
    );
    new Check(core, 'Check', 'works');
    const web = new Image(app, 'Web', { from: core });
    new Pack(web, 'Pack', { output: 'web.pack' });
    new Note(app, 'All');
  }

  test('does not depend on the order of props', () => {
    const reference = testApp();
    define(reference, (list) => list);
    const expected = writePlan(reference.synth());
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const app = testApp();
        let state = seed;
        const random = (): number => (state = (state * 1_103_515_245 + 12_345) & 0x7fffffff);
        define(app, (list) =>
          list
            .map((item) => [random(), item] as const)
            .sort(([a], [b]) => a - b)
            .map(([, item]) => item),
        );
        expect(writePlan(app.synth())).toBe(expected);
      }),
      { numRuns: 30 },
    );
  });

  test('is the same when the same app is synthesised twice', () => {
    const app = testApp();
    define(app, (list) => list);
    expect(writePlan(app.synth())).toBe(writePlan(app.synth()));
  });

  test('writes nothing unless it is asked to, and then the plan and the assets only', () => {
    const app = testApp({ files: { 'setup.sh': 'x' } });
    const fake = fakePlatform();
    const web = new Image(app, 'Web');
    new fake.Source(web, 'Fake');
    new Step(web, 'Step', { run: 'a', script: 'setup.sh' });
    app.synth();
    expect(fs.readdirSync(app.baseDir)).toEqual(['setup.sh']);
    const plan = app.synth({ outdir: path.join(app.baseDir, 'out') });
    const [sha256] = Object.keys(plan.assets);
    expect(fs.readdirSync(path.join(app.baseDir, 'out'), { recursive: true }).sort()).toEqual([
      'assets',
      `assets/${sha256}`,
      `assets/${sha256}/setup.sh`,
      'plan.json',
    ]);
  });
});
