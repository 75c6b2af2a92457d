import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { starterFiles, starterName, writeStarter } from '../../lib/cli/init';
import type { App } from '../../lib/app';

const OPTIONS = { name: 'acme-images', goldsmith: '^1.2.3' };
const NAMES = ['package.json', 'tsconfig.json', 'images.ts', 'images.test.ts', '.gitignore'];
let dir: string;
beforeEach(() => (dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-init-'))));
afterEach(() => fs.rmSync(dir, { recursive: true }));

test('the starter project is written into a folder that is made', async () => {
  const target = path.join(dir, 'deep/acme');
  expect(await writeStarter(target, OPTIONS)).toEqual(NAMES);
  expect(fs.readdirSync(target).sort()).toEqual([...NAMES].sort());
});

test('nothing is replaced, and nothing is written beside what is in the way', async () => {
  fs.writeFileSync(path.join(dir, 'images.ts'), 'mine');
  fs.symlinkSync('nowhere', path.join(dir, '.gitignore'));
  await expect(writeStarter(dir, OPTIONS)).rejects.toMatchObject({
    code: 'OUTPUT_EXISTS',
    message: `${dir} already has images.ts, .gitignore; nothing was written`,
  });
  expect(fs.readdirSync(dir).sort()).toEqual(['.gitignore', 'images.ts']);
  expect(fs.readFileSync(path.join(dir, 'images.ts'), 'utf8')).toBe('mine');
});

test('what was written is taken back where the rest cannot be', async () => {
  const file = path.join(dir, 'a-file');
  fs.writeFileSync(file, '');
  await expect(writeStarter(path.join(file, 'below'), OPTIONS)).rejects.toThrow();
  expect(fs.readdirSync(dir)).toEqual(['a-file']);
});

test('package.json and tsconfig.json are what Node 20, ts-node and tsc need', () => {
  const files = Object.fromEntries(starterFiles(OPTIONS).map(({ name, content }) => [name, content]));
  const manifest = JSON.parse(files['package.json']!) as Record<string, Record<string, string>>;
  expect(manifest).toMatchObject({
    name: 'acme-images',
    private: true,
    type: 'commonjs',
    dependencies: { goldsmith: '^1.2.3' },
  });
  expect(Object.keys(manifest['devDependencies']!)).toEqual(['@types/node', 'ts-node', 'typescript']);
  expect(JSON.parse(files['tsconfig.json']!)).toMatchObject({
    compilerOptions: { target: 'es2022', module: 'nodenext', strict: true, skipLibCheck: true, types: ['node'] },
    'ts-node': { transpileOnly: true },
  });
});

test.each([
  ['/home/me/My Images!', 'my-images'],
  ['/tmp/acme', 'acme'],
  ['/', 'my-images'],
  ['/tmp/--_--', 'my-images'],
])('a project in %s is called %s', (folder, name) => {
  expect(starterName(folder)).toBe(name);
});

test('the starter program makes a plan: two images, one from the other, with a check', async () => {
  await writeStarter(dir, OPTIONS);
  const { app } = require(path.join(dir, 'images.ts')) as { app: App };
  const plan = app.synth();
  expect(plan.nodes.map(({ id, kind }) => [id, kind])).toEqual([
    ['Core/Sandbox', 'build'],
    ['Hello/Sandbox', 'build'],
    [expect.stringMatching(/^Hello\/Greets/), 'verify'],
  ]);
  expect(plan.nodes[1]!.dependsOn).toEqual(['Core/Sandbox']);
});
