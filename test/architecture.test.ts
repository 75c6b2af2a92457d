import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as ts from 'typescript';
import arrows from '../tools/arrows.json';

const root = path.join(__dirname, '..');
const lib = path.join(root, 'lib');

interface SourceFile {
  /** Path below lib/, with slashes. */
  readonly name: string;
  readonly text: string;
}

const files: readonly SourceFile[] = filesBelow(lib)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ name: slashed(path.relative(lib, file)), text: fs.readFileSync(file, 'utf8') }));

describe('who imports whom', () => {
  const allowed = new Map<string, readonly string[]>(Object.entries(arrows));

  test.each([...zonesOf(files)])('%s imports only what is below it', (zone, members) => {
    const others = allowed.get(zone.startsWith('platforms/') ? 'platforms' : zone);
    const wrong = members.flatMap((file) =>
      importsOf(file)
        .filter((target) => zoneOf(target) !== zone && !isAllowed(target, others))
        .map((target) => `lib/${file.name} imports lib/${target}`),
    );
    expect(others).toBeDefined();
    expect(wrong).toEqual([]);
  });

  test('every folder of lib has its place in the table, and the table names no other', () => {
    const folders = fs
      .readdirSync(lib, { withFileTypes: true })
      .flatMap((entry) => (entry.isDirectory() ? entry.name : []));
    expect([...allowed.keys()].filter((zone) => zone !== 'errors').sort()).toEqual(folders.sort());
  });

  test('the author half never reaches the run half, nor the other way round', () => {
    const author = ['core', 'synth'];
    const run = ['engine', 'communicators', 'reporters', 'catalog'];
    const crossing = [...crossings(author, run), ...crossings(run, author)];
    expect(crossing).toEqual([]);
  });

  test('what a driver loads never reaches the constructs', () => {
    const drivers = files.filter(({ name }) => /^platforms\/[^/]+\/([^/]+-driver|client)\.ts$/.test(name));
    const reached = drivers.flatMap((file) =>
      [...reach(file.name, 'at run time')].filter((name) => name.startsWith('core/')),
    );
    expect(drivers.length).toBeGreaterThan(0);
    expect(reached).toEqual([]);
  });

  test.each([
    ['dockerode', 'platforms/docker/'],
    ['@aws-sdk/client-ec2', 'platforms/aws/'],
  ])('%s is named below lib/%s only', (sdk, folder) => {
    const naming = files.filter(({ text }) => text.includes(`'${sdk}'`)).map(({ name }) => name);
    expect(naming.length).toBeGreaterThan(0);
    expect(naming.filter((name) => !name.startsWith(folder))).toEqual([]);
  });
});

describe('what is loaded when', () => {
  const light = ['constructs', 'picocolors', 'zod'];

  test.each(entryPoints())("require('%s') loads nothing heavy", (_name, file) => {
    expect(packagesLoadedBy(file).filter((name) => !light.includes(name))).toEqual([]);
  });

  test('a plan is run without the constructs', () => {
    expect(packagesLoadedBy('dist/engine/index.js')).not.toContain('constructs');
  });
});

describe('every file', () => {
  test('of lib has at most 400 lines, and of lib/util at most 60 of code', () => {
    const long = files.filter(({ text }) => text.split('\n').length - 1 > 400);
    const large = files.filter(({ name, text }) => name.startsWith('util/') && linesOfCode(text) > 60);
    expect([...long, ...large].map(({ name }) => name)).toEqual([]);
  });

  test('of lib but the command line leaves the process and the console alone', () => {
    const wrong = files
      .filter(({ name }) => !name.startsWith('cli/') && name !== 'app.ts')
      .flatMap((file) => globalsUsed(file).map((use) => `lib/${file.name} uses ${use}`));
    expect(wrong).toEqual([]);
  });

  test('is finished', () => {
    const words = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'not (yet )?implemented'].join('|'));
    expect(files.filter(({ text }) => words.test(text)).map(({ name }) => name)).toEqual([]);
  });

  test('switches no rule and no type off', () => {
    const words = new RegExp(['eslint-' + 'disable', '@ts-' + '(ignore|nocheck|expect-error)'].join('|'));
    expect(files.filter((file) => words.test(file.text) || hasAny(file)).map(({ name }) => name)).toEqual([]);
  });

  test('of the repository holds no path of the machine it was written on', () => {
    const paths = new RegExp(['/wo' + 'rk/', '/fa' + 'rm/'].map((place) => `(^|[\\s'"\`(=:])${place}`).join('|'), 'm');
    const found = repositoryFiles().filter((file) => {
      const text = fs.readFileSync(path.join(root, file), 'utf8');
      return paths.test(text) || text.includes(`${root}/`);
    });
    expect(found).toEqual([]);
  });
});

function zoneOf(name: string): string {
  const [first = '', second = ''] = name.split('/');
  if (first === 'platforms') return `platforms/${second}`;
  return first.replace(/\.ts$/, '');
}

/** Zones with their files; index.ts and app.ts stand above all of them. */
function zonesOf(all: readonly SourceFile[]): Map<string, SourceFile[]> {
  const zones = new Map<string, SourceFile[]>();
  for (const file of all) {
    const zone = zoneOf(file.name);
    if (zone !== 'index' && zone !== 'app') zones.set(zone, [...(zones.get(zone) ?? []), file]);
  }
  return zones;
}

function isAllowed(target: string, others: readonly string[] | undefined): boolean {
  if (zoneOf(target) === 'errors' || zoneOf(target) === 'util') return true;
  return others?.some((other) => target === `${other}.ts` || target.startsWith(`${other}/`)) === true;
}

/** The files of lib that a file imports, requires or takes types from; at run time the types are gone. */
function importsOf(file: SourceFile, when: 'always' | 'at run time' = 'always'): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (when === 'always' || !isOfTypes(node)) {
      const specifier = specifierOf(node);
      if (specifier?.startsWith('.')) found.push(resolved(file.name, specifier));
      ts.forEachChild(node, visit);
    }
  };
  visit(parsed(file));
  return found;
}

function isOfTypes(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node)) return node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
  return ts.isTypeNode(node) || (ts.isExportDeclaration(node) && node.isTypeOnly);
}

function specifierOf(node: ts.Node): string | undefined {
  let specifier: ts.Node | undefined;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) specifier = node.moduleSpecifier;
  else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) specifier = node.argument.literal;
  else if (ts.isCallExpression(node) && node.expression.getText() === 'require') specifier = node.arguments[0];
  return specifier && ts.isStringLiteral(specifier) ? specifier.text : undefined;
}

function resolved(from: string, specifier: string): string {
  const target = path.join(lib, path.dirname(from), specifier);
  const file = [`${target}.ts`, path.join(target, 'index.ts')].find((candidate) => fs.existsSync(candidate));
  if (file === undefined) throw new Error(`lib/${from} imports ${specifier}, which is not there`);
  return slashed(path.relative(lib, file));
}

const trees = new Map<string, ts.SourceFile>();

function parsed({ name, text }: SourceFile): ts.SourceFile {
  const tree = trees.get(name) ?? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
  trees.set(name, tree);
  return tree;
}

/** All that a file reaches by its imports. */
function reach(start: string, when: 'always' | 'at run time' = 'always'): Set<string> {
  const byName = new Map(files.map((file) => [file.name, file]));
  const seen = new Set<string>();
  const left = [start];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    const file = byName.get(name);
    if (seen.has(name) || !file) continue;
    seen.add(name);
    left.push(...importsOf(file, when));
  }
  return seen;
}

function crossings(from: readonly string[], to: readonly string[]): string[] {
  const isIn = (zones: readonly string[], name: string): boolean => zones.includes(zoneOf(name));
  return files
    .filter(({ name }) => isIn(from, name))
    .flatMap(({ name }) =>
      [...reach(name)].filter((target) => isIn(to, target)).map((target) => `${name} → ${target}`),
    );
}

/** Uses of what belongs to the command line. */
function globalsUsed(file: SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
      const use = `${node.expression.text}.${node.name.text}`;
      if (/^(console\..*|process\.(env|argv|exit|exitCode|stdin|stdout|stderr))$/.test(use)) found.push(use);
    }
    ts.forEachChild(node, visit);
  };
  visit(parsed(file));
  return found;
}

function hasAny(file: SourceFile): boolean {
  const visit = (node: ts.Node): boolean =>
    node.kind === ts.SyntaxKind.AnyKeyword || ts.forEachChild(node, (child) => visit(child) || undefined) === true;
  return visit(parsed(file));
}

function linesOfCode(text: string): number {
  return text.split('\n').filter((line) => !/^\s*(\/?\*.*|\/\/.*)?$/.test(line)).length;
}

function entryPoints(): [string, string][] {
  const { exports } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { default: string }>;
  };
  return Object.entries(exports).flatMap(([subpath, target]): [string, string][] =>
    typeof target === 'string' ? [] : [[`goldsmith${subpath.slice(1)}`, target.default]],
  );
}

/** The npm packages that a fresh Node has loaded when it has required a compiled file. */
function packagesLoadedBy(file: string): string[] {
  const program = `require(${JSON.stringify(path.join(root, file))}); console.log(JSON.stringify(Object.keys(require.cache)))`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8', cwd: root });
  if (status !== 0) throw new Error(`${file} cannot be required (is it compiled? npx tsc --build): ${stderr}`);
  const packages = (JSON.parse(stdout) as string[]).flatMap(
    (loaded) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(slashed(loaded))?.[1] ?? [],
  );
  return [...new Set(packages)].sort();
}

function repositoryFiles(): string[] {
  const { stdout, status } = spawnSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  const all =
    status === 0 ? stdout.trim().split('\n') : ['lib', 'test'].flatMap((dir) => filesBelow(path.join(root, dir)));
  return all
    .map((file) => path.relative(root, path.resolve(root, file)))
    .filter((file) => fs.existsSync(path.join(root, file)));
}

function filesBelow(dir: string): string[] {
  return fs
    .readdirSync(dir, { recursive: true, withFileTypes: true })
    .flatMap((entry) => (entry.isFile() ? path.join(entry.parentPath, entry.name) : []));
}

function slashed(file: string): string {
  return file.split(path.sep).join('/');
}
