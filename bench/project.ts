import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { newestPacker, type Packer } from './newest-packer';

/** Where this package is. */
export const ROOT = path.resolve(__dirname, '..');
/** goldsmith's own command, compiled. */
export const GOLDSMITH = path.join(ROOT, 'dist', 'cli', 'main.js');
/** Image that all Docker benchmarks start from: in the engine already, so that nothing is pulled. */
export const BASE = process.env['BENCH_BASE'] ?? 'debian:bookworm-local';

/** A folder with a program that can import goldsmith, as a user has it. */
export function makeProject(files: Readonly<Record<string, string>>): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-bench-'));
  fs.mkdirSync(path.join(dir, 'node_modules', '.bin'), { recursive: true });
  fs.symlinkSync(ROOT, path.join(dir, 'node_modules', 'goldsmith'));
  for (const module of ['constructs', 'typescript', 'ts-node', '@types']) {
    fs.symlinkSync(path.join(ROOT, 'node_modules', module), path.join(dir, 'node_modules', module));
  }
  fs.writeFileSync(path.join(dir, 'node_modules', '.bin', 'goldsmith'), `#!/bin/sh\nexec node ${GOLDSMITH} "$@"\n`, {
    mode: 0o755,
  });
  fs.writeFileSync(path.join(dir, 'package.json'), '{"name":"bench","private":true}');
  fs.writeFileSync(
    path.join(dir, 'tsconfig.json'),
    '{"compilerOptions":{"target":"es2022","module":"nodenext","strict":true,"skipLibCheck":true,"types":["node"]},"ts-node":{"transpileOnly":true}}',
  );
  for (const [name, content] of Object.entries(files)) fs.writeFileSync(path.join(dir, name), content);
  return dir;
}

/** Writes the plan of a project. */
export function synth(dir: string): void {
  execFileSync(process.execPath, [GOLDSMITH, 'synth'], { cwd: dir, stdio: 'pipe' });
}

/** Forgets what was built. */
export function forget(dir: string): void {
  fs.rmSync(path.join(dir, '.goldsmith'), { recursive: true, force: true });
}

/** Deletes a project, and what goldsmith and Packer left in the engine for it. */
export function dropProject(dir: string): void {
  dropImages();
  fs.rmSync(dir, { recursive: true, force: true });
}

/** Deletes the images of the benchmarks from the engine: goldsmith's by label, Packer's by being new and without a name. */
export function dropImages(): void {
  const ids = docker('images', '-q', '--no-trunc', '--filter', 'label=dev.goldsmith.app=bench');
  const nameless = docker('images', '-q', '--no-trunc', '--filter', 'dangling=true');
  for (const id of new Set([...ids, ...nameless])) {
    try {
      docker('rmi', '-f', id);
    } catch {
      // Another image is based on it: that one's turn comes, and then its own.
    }
  }
}

/** Lines that a docker command prints. */
export function docker(...args: readonly string[]): string[] {
  return execFileSync('docker', args, { stdio: ['ignore', 'pipe', 'pipe'] })
    .toString()
    .split('\n')
    .filter((line) => line !== '');
}

/** Packers to compare with: Debian's, which is the yardstick, and the newest where it can be built. */
export function packers(): readonly Packer[] {
  return (known ??= [{ name: 'packer', path: '/usr/bin/packer', env: {} }, newestPacker('docker')].filter(
    (packer) => packer !== undefined,
  ));
}

let known: readonly Packer[] | undefined;

/** Packer phones home unless it is told not to. */
export const PACKER_ENV = { CHECKPOINT_DISABLE: '1', PACKER_NO_COLOR: '1' };
