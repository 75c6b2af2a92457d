import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as fc from 'fast-check';
import { Asset, Image } from '../../lib';
import { fakePlatform, type TestApp } from '../../lib/testing';
import { fingerprint } from '../../lib/synth/fingerprint';
import { Step, type StepProps } from '../helpers/extensions';
import { problemsOf, testApp } from '../helpers/lab';

type AssetJson = { readonly $asset: { readonly sha256: string; readonly name: string } };

/** The asset that a step's prop becomes, in a project with these files. */
function assetOf(files: Readonly<Record<string, string>>, props: object, prepare?: (app: TestApp) => void): AssetJson {
  const app = testApp({ files });
  prepare?.(app);
  const web = new Image(app, 'Web');
  new (fakePlatform().Source)(web, 'Fake');
  new Step(web, 'Step', { run: 'a', ...props } as StepProps);
  const [node] = app.synth().nodes;
  const config = node?.kind === 'build' ? node.provisioners[0]!.config : {};
  return (config['script'] ?? config['folder']) as unknown as AssetJson;
}

const hashOf = (...given: Parameters<typeof assetOf>): string => assetOf(...given).$asset.sha256;

describe('an asset', () => {
  test('is in the plan by its content and its last name, a trailing slash kept', () => {
    expect(assetOf({ 'a/setup.sh': 'x' }, { script: 'a/setup.sh' }).$asset.name).toBe('setup.sh');
    expect(assetOf({ 'a/site/x': 'x' }, { folder: 'a/site' }).$asset.name).toBe('site');
    expect(assetOf({ 'a/site/x': 'x' }, { folder: 'a/site/' }).$asset.name).toBe('site/');
    expect(assetOf({ 'a/site/x': 'x' }, { folder: './a/../a/site/' }).$asset.name).toBe('site/');
  });

  test('is the same wherever it lies, and with or without a trailing slash', () => {
    const one = hashOf({ 'one/site/x': 'x' }, { folder: 'one/site' });
    expect(hashOf({ 'two/deep/site/x': 'x' }, { folder: 'two/deep/site/' })).toBe(one);
  });

  test('has a hash that does not change from version to version', () => {
    expect(hashOf({ 'setup.sh': '#!/bin/sh\necho hello\n' }, { script: 'setup.sh' })).toBe(
      'edebe6fc8a3fc88a23ffa06544f11f8a35843edb6bfcd9455e9c5e37169847bf',
    );
    expect(hashOf({ 'site/a': 'a', 'site/b/c': 'c' }, { folder: 'site' })).toBe(
      '7ee80bc2634dc77e8368b94b99ddffa4d7783d960956be23e8a0a462607bc62b',
    );
  });

  test('differs with its bytes, its name, and whether it can be executed', () => {
    const all = [
      hashOf({ 'setup.sh': 'x' }, { script: 'setup.sh' }),
      hashOf({ 'setup.sh': 'y' }, { script: 'setup.sh' }),
      hashOf({ 'other.sh': 'x' }, { script: 'other.sh' }),
      hashOf({}, { script: 'setup.sh' }, (app) => app.write('setup.sh', 'x', 0o755)),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  test('does not differ with its other permissions, its owner and its time', () => {
    const one = hashOf({ 'setup.sh': 'x' }, { script: 'setup.sh' });
    const two = hashOf({}, { script: 'setup.sh' }, (app) => {
      const file = app.write('setup.sh', 'x', 0o600);
      fs.utimesSync(file, 1, 1);
    });
    expect(two).toBe(one);
  });

  test('tells empty folders, symbolic links and what they point at apart', () => {
    const make = (name: string, act: (dir: string) => void) =>
      hashOf({ 'site/x': 'x' }, { folder: 'site' }, (app) => {
        void name;
        act(path.join(app.baseDir, 'site'));
      });
    const all = [
      make('plain', () => undefined),
      make('empty folder', (dir) => fs.mkdirSync(path.join(dir, 'y'))),
      make('empty file', (dir) => fs.writeFileSync(path.join(dir, 'y'), '')),
      make('link', (dir) => fs.symlinkSync('x', path.join(dir, 'y'))),
      make('other link', (dir) => fs.symlinkSync('./x', path.join(dir, 'y'))),
      make('dangling link', (dir) => fs.symlinkSync('nowhere', path.join(dir, 'y'))),
      make('file with the text of the link', (dir) => fs.writeFileSync(path.join(dir, 'y'), 'x')),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  test('leaves out what is ignored, as git would', () => {
    const files = {
      'site/index.html': 'x',
      'site/debug.log': 'x',
      'site/keep.log': 'x',
      'site/node_modules/a/b': 'x',
      'site/build/x': 'x',
      'site/sub/build/x': 'x',
    };
    const ignore = ['*.log', '!keep.log', 'node_modules', '/build'];
    const wanted = { 'site/index.html': 'x', 'site/keep.log': 'x', 'site/sub/build/x': 'x' };
    expect(hashOf(files, { folder: new Asset('site', { ignore }) })).toBe(hashOf(wanted, { folder: 'site' }));
    expect(hashOf(files, { folder: new Asset('site') })).not.toBe(hashOf(wanted, { folder: 'site' }));
  });

  test('that is not there, of the wrong kind or unreadable is a problem that says where it was looked for', () => {
    const app = testApp({ files: { 'site/x': 'x' } });
    const web = new Image(app, 'Web');
    new (fakePlatform().Source)(web, 'Fake');
    new Step(web, 'Missing', { run: 'a', script: 'missing.sh' });
    new Step(web, 'Folder', { run: 'a', script: 'site' });
    execFileSync('mkfifo', [path.join(app.baseDir, 'site', 'pipe')]);
    new Step(web, 'Pipe', { run: 'a', folder: 'site' });
    new Step(web, 'OnlyPipe', { run: 'a', script: 'site/pipe' });
    expect(problemsOf(app).map(({ code, path: at, message }) => `${code} ${at}: ${message}`)).toEqual([
      'MISSING_ASSET Web/Missing: `script` names `missing.sh`, which is not there',
      'MISSING_ASSET Web/Folder: `script` names `site`, which is a folder, and a file is needed',
      'MISSING_ASSET Web/Pipe: `folder` names `site`, which holds `pipe`, which is no file, folder or symbolic link',
      'MISSING_ASSET Web/OnlyPipe: `script` names `site/pipe`, which is a pipe, socket or device, and a file is needed',
    ]);
    expect(problemsOf(app)[0]?.hint).toContain(path.join(app.baseDir, 'missing.sh'));
  });
});

describe('a staged asset', () => {
  function staged(app: TestApp, props: object): string {
    const web = new Image(app, 'Web');
    new (fakePlatform().Source)(web, 'Fake');
    new Step(web, 'Step', { run: 'a', ...props } as StepProps);
    const outdir = path.join(app.baseDir, 'out');
    const [sha256] = Object.keys(app.synth({ outdir }).assets);
    return path.join(outdir, 'assets', sha256!);
  }

  test('is a copy with modes, links and empty folders, without what is ignored', () => {
    const app = testApp({ files: { 'site/a.log': 'x', 'site/b/c': 'c' } });
    app.write('site/run.sh', 'x', 0o755);
    fs.symlinkSync('b/c', path.join(app.baseDir, 'site', 'link'));
    fs.mkdirSync(path.join(app.baseDir, 'site', 'empty'));
    const dir = path.join(staged(app, { folder: new Asset('site', { ignore: ['*.log'] }) }), 'site');

    expect(fs.readdirSync(dir, { recursive: true }).sort()).toEqual(['b', 'b/c', 'empty', 'link', 'run.sh']);
    expect(fs.readlinkSync(path.join(dir, 'link'))).toBe('b/c');
    expect(fs.statSync(path.join(dir, 'run.sh')).mode & 0o111).not.toBe(0);
    expect(fingerprint(dir)).toBe(fingerprint(path.join(app.baseDir, 'site'), ['*.log']));
  });

  test('that is named by a symbolic link is what the link points at', () => {
    const app = testApp({ files: { 'real/setup.sh': 'hello' } });
    fs.symlinkSync('real/setup.sh', path.join(app.baseDir, 'link.sh'));
    const file = path.join(staged(app, { script: 'link.sh' }), 'link.sh');
    expect(fs.lstatSync(file).isFile()).toBe(true);
    expect(fs.readFileSync(file, 'utf8')).toBe('hello');

    const other = testApp({ files: { 'real/x': 'hello' } });
    fs.symlinkSync('real', path.join(other.baseDir, 'site'));
    expect(fs.readFileSync(path.join(staged(other, { folder: 'site' }), 'site', 'x'), 'utf8')).toBe('hello');
  });

  test('is not there when the program is wrong', () => {
    const app = testApp({ files: { 'setup.sh': 'x' } });
    const web = new Image(app, 'Web');
    new (fakePlatform().Source)(web, 'Fake');
    new Step(web, 'Step', { run: 'a', script: 'setup.sh' });
    new Image(app, 'Empty');
    expect(() => app.synth({ outdir: path.join(app.baseDir, 'out') })).toThrow();
    expect(fs.existsSync(path.join(app.baseDir, 'out'))).toBe(false);
  });
});

test('two folders have the same fingerprint only when they hold the same', () => {
  const name = fc.constantFrom('a', 'b', 'ab', 'file', 'link');
  const content = fc.constantFrom('', 'a', 'b', 'ab', 'file\0a\0-\u00001\0a');
  const tree = fc.dictionary(
    fc.tuple(name, fc.option(name, { nil: undefined })).map((parts) => parts.filter(Boolean).join('/')),
    content,
    { maxKeys: 3 },
  );
  const app = testApp();
  let count = 0;
  const write = (files: Readonly<Record<string, string>>): string | undefined => {
    const dir = path.join(app.baseDir, `t${(count += 1)}`);
    fs.mkdirSync(dir, { recursive: true });
    try {
      for (const [file, text] of Object.entries(files)) {
        fs.mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
        fs.writeFileSync(path.join(dir, file), text);
      }
      return fingerprint(dir);
    } catch {
      return undefined; // A name is a file and a folder at once.
    }
  };
  const seen = new Map<string, string>();
  fc.assert(
    fc.property(tree, (files) => {
      const hash = write(files);
      if (hash === undefined) return;
      const meaning = JSON.stringify(Object.entries(files).sort());
      expect(seen.get(hash) ?? meaning).toBe(meaning);
      seen.set(hash, meaning);
    }),
    { numRuns: 300 },
  );
});
