import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, Image } from '../lib';
import { NullSource } from '../lib/platforms/null';
import { fakePlatform } from '../lib/testing';
import { Step } from './helpers/extensions';
import { build, problemsOf, testApp } from './helpers/lab';

const ROOT = path.resolve(__dirname, '..');
const runProgram = jest.fn(() => Promise.resolve());
jest.mock('../lib/cli/main', () => ({ runProgram: () => runProgram() }));

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
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-run-'));
  const { argv } = process;
  afterEach(() => (process.argv = argv));
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  /** Whether an app acts when this is what Node was told to run. */
  function acts(main: string | undefined): boolean {
    runProgram.mockClear();
    process.argv = main === undefined ? [argv[0]!] : [argv[0]!, main, 'list'];
    new App('test', { variables: {} }).run();
    return runProgram.mock.calls.length === 1;
  }

  test('acts where the file is the main program, also by a link or without its ending', () => {
    fs.symlinkSync(__filename, path.join(folder, 'link.ts'));
    expect(acts(__filename)).toBe(true);
    expect(acts(__filename.replace(/\.ts$/, ''))).toBe(true);
    expect(acts(path.join(folder, 'link.ts'))).toBe(true);
  });

  test('does nothing where the file is imported by another, or there is no main program', () => {
    expect(acts(path.join(ROOT, 'jest.config.json'))).toBe(false);
    expect(acts(path.join(folder, 'not-there.ts'))).toBe(false);
    expect(acts(undefined)).toBe(false);
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
