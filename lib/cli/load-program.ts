import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { MAIN } from '../app';
import { GoldsmithError, messageOf } from '../errors';
import type { Io } from './io';

const CANDIDATES = ['images.ts', 'images.mts', 'images.js', 'images.mjs', 'images.cjs'];

/**
 * Runs the user's program with the rest of the command line: a file within this process where that is possible, a command
 * as it is. Resolves with its exit status.
 */
export async function runUserProgram(given: string | undefined, argv: readonly string[], io: Io): Promise<number> {
  const file = findFile(given, io.cwd);
  if (file === undefined && given !== undefined) {
    if (/^\S+\.[cm]?[jt]s$/.test(given)) {
      throw new GoldsmithError('BAD_USAGE', `--app names ${given}, which is not there`, {
        hint: `it was looked for in ${io.cwd}; --app takes a file, or a command such as "npx ts-node images.ts"`,
      });
    }
    return spawned(`${given} "$@"`, argv, io);
  }
  if (file === undefined) {
    throw new GoldsmithError('BAD_USAGE', `there is no images.ts in ${io.cwd}`, {
      hint: 'run it where your program is, name the program with --app, or begin with `goldsmith init`',
    });
  }
  return isModule(file) ? runAsModule(file, argv, io) : runHere(file, argv);
}

function findFile(given: string | undefined, cwd: string): string | undefined {
  const names = given === undefined ? CANDIDATES : [given];
  return names.map((name) => path.resolve(cwd, name)).find((file) => fs.existsSync(file) && fs.statSync(file).isFile());
}

/** In this process: no second start of Node. Its `app.run()` sees that it is the main program. */
async function runHere(file: string, argv: readonly string[]): Promise<number> {
  if (/\.[cm]?ts$/.test(file)) registerTypeScript(file);
  (globalThis as { [MAIN]?: string })[MAIN] = file;
  process.argv = [process.argv[0]!, file, ...argv];
  const exitCode = process.exitCode;
  createRequire(file)(file);
  // `app.run()` sets the exit status when it is done.
  return typeof exitCode === 'number' ? exitCode : UNCHANGED;
}

/** Tells the caller to leave the exit status to the program. */
export const UNCHANGED = -1;

function registerTypeScript(file: string): void {
  const load = createRequire(file);
  const tsNode = tryResolve(load, 'ts-node') ?? tryResolve(require, 'ts-node');
  if (tsNode !== undefined) {
    // Types are the editor's and tsc's business: checking them here would cost a second at every start.
    (require(tsNode) as { register(options: object): void }).register({
      transpileOnly: true,
      cwd: path.dirname(file),
      projectSearchDir: path.dirname(file),
    });
    return;
  }
  const tsx = tryResolve(load, 'tsx/cjs');
  if (tsx === undefined) {
    throw new GoldsmithError(
      'MISSING_DEPENDENCY',
      `${path.basename(file)} is TypeScript, and neither ts-node nor tsx is installed`,
      {
        hint: 'npm install --save-dev typescript@5.9 ts-node   (or: npm install --save-dev tsx)',
      },
    );
  }
  require(tsx);
}

function tryResolve(load: NodeJS.Require, module: string): string | undefined {
  try {
    return load.resolve(module);
  } catch {
    return undefined;
  }
}

function isModule(file: string): boolean {
  if (/\.m[tj]s$/.test(file)) return true;
  if (/\.c[tj]s$/.test(file)) return false;
  for (let dir = path.dirname(file); ; dir = path.dirname(dir)) {
    const manifest = path.join(dir, 'package.json');
    if (fs.existsSync(manifest))
      return (JSON.parse(fs.readFileSync(manifest, 'utf8')) as { type?: string }).type === 'module';
    if (dir === path.dirname(dir)) return false;
  }
}

function runAsModule(file: string, argv: readonly string[], io: Io): Promise<number> {
  if (!/\.m?ts$/.test(file)) return node([file, ...argv], io);
  if (tryResolve(createRequire(file), 'tsx') === undefined) {
    throw new GoldsmithError(
      'MISSING_DEPENDENCY',
      `${path.basename(file)} is TypeScript in an ES module project, which needs tsx`,
      {
        hint: 'npm install --save-dev tsx',
      },
    );
  }
  return node(['--import', 'tsx', file, ...argv], io);
}

function node(args: readonly string[], io: Io): Promise<number> {
  return waitFor(spawn(process.execPath, args, { stdio: 'inherit', cwd: io.cwd }));
}

function spawned(command: string, argv: readonly string[], io: Io): Promise<number> {
  return waitFor(spawn('/bin/sh', ['-c', command, 'goldsmith', ...argv], { stdio: 'inherit', cwd: io.cwd }));
}

function waitFor(child: ReturnType<typeof spawn>): Promise<number> {
  // Ctrl-C reaches the child by itself; this process waits for it to clean up.
  const ignore = (): void => undefined;
  const sendOn = (signal: NodeJS.Signals): void => void child.kill(signal);
  process.on('SIGINT', ignore);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, sendOn);
  return new Promise((resolve, reject) => {
    child.on('error', (error) =>
      reject(new GoldsmithError('BAD_USAGE', `the program could not be started: ${messageOf(error)}`)),
    );
    child.on('exit', (code, signal) => {
      process.off('SIGINT', ignore);
      for (const name of ['SIGTERM', 'SIGHUP'] as const) process.off(name, sendOn);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}
