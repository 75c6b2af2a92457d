import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, Image } from '../lib';
import { NullSource } from '../lib/platforms/null';
import { fakePlatform } from '../lib/testing';
import { Step } from './helpers/extensions';
import { build, problemsOf, testApp } from './helpers/lab';

const ROOT = path.resolve(__dirname, '..');

test('an app knows where its program lies: relative paths start there', () => {
  expect(new App('test', { variables: {} }).baseDir).toBe(__dirname);
});

test('the name of an app may be that of an npm package, and not just anything', () => {
  for (const name of ['acme', '@acme/images', 'acme.images_2'])
    expect(new App(name, { variables: {} }).name).toBe(name);
  for (const name of ['', ' ', 'a b', '/x', 'x\n', 'ü']) {
    expect(problemsOf(Object.assign(testApp(), {}) && testApp({ name }))).toMatchObject([
      { code: 'INVALID_PROPS', message: expect.stringContaining(`the name of the app is ${JSON.stringify(name)}`) },
    ]);
  }
});

test('App.is, Image.is and the like know their kind, also from another copy of the package', () => {
  let other: typeof App | undefined;
  jest.isolateModules(() => {
    other = jest.requireActual<typeof import('../lib')>('../lib').App;
  });
  expect(App.is(new App('a', { variables: {} }))).toBe(true);
  expect(App.is(new other!('a', { variables: {} }))).toBe(true);
  expect([App.is(undefined), App.is({}), App.is('app'), Image.is(new App('a', { variables: {} }))]).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test('an app of nothing has an empty plan, and builds nothing', async () => {
  const app = testApp();
  expect(app.synth()).toMatchObject({ schema: '1.0', app: 'test', nodes: [], modules: {} });
  expect((await build(app)).report).toMatchObject({ ok: true, nodes: [] });
});

test('build() runs with the options given, in the folder of the program', async () => {
  const app = testApp();
  const fake = fakePlatform();
  for (const id of ['One', 'Two']) {
    const image = new Image(app, id);
    new fake.Source(image, 'Fake', { size: id.length + id.charCodeAt(0) });
    new Step(image, 'Step', id);
  }
  const report = await app.build({ select: ['Two'], parallel: 1 });
  expect(report).toMatchObject({ ok: true, nodes: [{ id: 'Two/Fake' }] });
  expect(report.dir.startsWith(app.baseDir)).toBe(true);
  expect(fs.readdirSync(app.baseDir).sort()).toEqual(['.goldsmith', 'goldsmith.lock.json', 'goldsmith.out']);
});

test('build() rejects for a program that is wrong, and resolves where a build fails', async () => {
  const app = testApp();
  const fake = fakePlatform();
  const web = new Image(app, 'Web');
  await expect(app.build()).rejects.toMatchObject({ code: 'NO_SOURCE' });
  new fake.Source(web, 'Fake');
  fake.fail('launch');
  expect((await app.build()).ok).toBe(false);
});

describe('run()', () => {
  let folder: string;
  beforeAll(() => {
    folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-run-')));
    fs.writeFileSync(
      path.join(folder, 'images.js'),
      `const { App, Image } = require(${JSON.stringify(path.join(ROOT, 'lib'))});
       const { NullSource } = require(${JSON.stringify(path.join(ROOT, 'lib', 'platforms', 'null'))});
       const app = new App('test');
       new NullSource(new Image(app, 'Here'), 'Null');
       module.exports = app;
       app.run();`,
    );
    fs.writeFileSync(
      path.join(folder, 'other.js'),
      `const app = require('./images'); console.log('imported ' + app.name);`,
    );
    fs.symlinkSync('images.js', path.join(folder, 'link.js'));
  });
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  const node = (...args: readonly string[]): string =>
    execFileSync(process.execPath, ['-r', require.resolve('ts-node/register/transpile-only'), ...args], {
      cwd: folder,
      env: { ...process.env, TS_NODE_PROJECT: path.join(ROOT, 'tsconfig.json') },
      encoding: 'utf8',
    });

  test('acts where the file is the main program, also by a link or without its ending', () => {
    for (const main of ['images.js', 'images', 'link.js', path.join(folder, 'images.js')])
      expect({ main, output: node(main, 'list') }).toEqual({ main, output: expect.stringContaining('Here/Null') });
  });

  test('does nothing where the file is imported', () => {
    expect(node('other.js', 'list')).toBe('imported test\n');
  });
});

test('a source of this machine runs for real, from the tree to the report', async () => {
  const app = testApp();
  const here = new Image(app, 'Here');
  new NullSource(here, 'Null');
  new Step(here, 'Step', 'printf "on %s" "$(echo this machine)"');
  const { report, output } = await build(app, { env: { PATH: process.env['PATH'] } });
  expect(report.ok).toBe(true);
  expect(output).toBe('on this machine');
});
