import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as ts from 'typescript';

const ROOT = path.resolve(__dirname, '..', '..', '..');
const SOURCES = ['lib', 'test/faults/helpers/programs'];

/**
 * The package as it is now, compiled, in a folder of its own: child processes run it, whether or not `dist` is up to date. The
 * folder is in node_modules, so that the package's dependencies are found, and is made once for the same sources.
 */
export function compiledPackage(): string {
  const files = SOURCES.flatMap((dir) => filesBelow(path.join(ROOT, dir)))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .sort();
  const hash = createHash('sha256');
  const sources = files.map((file) => {
    const text = fs.readFileSync(file, 'utf8');
    hash.update(`${path.relative(ROOT, file)}\0${text}\0`);
    return { file: path.relative(ROOT, file), text };
  });
  const cache = path.join(ROOT, 'node_modules', '.cache', 'goldsmith-faults');
  const dir = path.join(cache, hash.digest('hex').slice(0, 16));
  if (!fs.existsSync(dir)) publish(sources, dir);
  dropOthers(cache, dir);
  return dir;
}

/** A program of these tests, compiled. */
export function program(name: string): string {
  return path.join(compiledPackage(), 'test/faults/helpers/programs', `${name}.js`);
}

/** The command line, compiled. */
export function commandLine(): string {
  return path.join(compiledPackage(), 'lib/cli/main.js');
}

function publish(sources: readonly { readonly file: string; readonly text: string }[], dir: string): void {
  const temporary = `${dir}.${process.pid}.tmp`;
  for (const { file, text } of sources) {
    const target = path.join(temporary, file.replace(/\.ts$/, '.js'));
    fs.mkdirSync(path.dirname(target), { recursive: true });
    const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true };
    fs.writeFileSync(target, ts.transpileModule(text, { compilerOptions, fileName: file }).outputText);
  }
  const manifest = fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8').replaceAll('"./dist/', '"./lib/');
  fs.writeFileSync(path.join(temporary, 'package.json'), manifest.replaceAll('"dist/', '"lib/'));
  try {
    fs.renameSync(temporary, dir);
  } catch (error) {
    // Another worker of the test runner was faster.
    fs.rmSync(temporary, { recursive: true, force: true });
    if (!fs.existsSync(dir)) throw error;
  }
}

/** Of sources that have changed since; another checkout's tests may still run with what is younger than an hour. */
function dropOthers(cache: string, current: string): void {
  for (const name of fs.readdirSync(cache)) {
    const dir = path.join(cache, name);
    if (dir === current || Date.now() - fs.statSync(dir).mtimeMs < 3_600_000) continue;
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

function filesBelow(dir: string): string[] {
  return fs
    .readdirSync(dir, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(path.join(dir, entry.name)) : path.join(dir, entry.name)));
}
