import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const ROOT = path.join(__dirname, '..', '..', '..');

/** How a command ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * As much of a clone as an example needs, in a folder of its own: the examples are copied, what `npm ci` makes is linked. So their
 * commands run as their READMEs have them, and nothing is written into the repository.
 */
export class Checkout {
  /** Makes one with some examples. */
  static with(...examples: readonly string[]): Checkout {
    if (!fs.existsSync(path.join(ROOT, 'dist', 'index.js'))) throw new Error('compile first: npx tsc --build');
    const checkout = new Checkout(fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-examples-'))));
    for (const linked of ['dist', 'node_modules']) fs.symlinkSync(path.join(ROOT, linked), checkout.path(linked));
    fs.copyFileSync(path.join(ROOT, 'package.json'), checkout.path('package.json'));
    for (const name of examples) {
      const made = /[/\\](?:node_modules|dist|artifacts|\.goldsmith|goldsmith\.out|goldsmith\.lock\.json)$/;
      fs.cpSync(path.join(ROOT, 'examples', name), checkout.path('examples', name), {
        recursive: true,
        filter: (file) => !made.test(file),
      });
    }
    return checkout;
  }

  private constructor(readonly dir: string) {}

  /** Absolute path of something in it. */
  path(...parts: readonly string[]): string {
    return path.join(this.dir, ...parts);
  }

  /** The text of a file in it. */
  read(...parts: readonly string[]): string {
    return fs.readFileSync(this.path(...parts), 'utf8');
  }

  /** Does to an example with packages of its own what `npm install` does, without a registry. */
  install(example: string, packages: Readonly<Record<string, string>>): void {
    for (const [name, folder] of Object.entries({ goldsmith: '../..', ...packages })) {
      const link = this.path('examples', example, 'node_modules', name);
      fs.mkdirSync(path.dirname(link), { recursive: true });
      fs.symlinkSync(this.path('examples', example, folder), link);
    }
  }

  /** Runs a command of `node_modules/.bin`, or any other, in a folder of it. */
  run(
    folder: string,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Ended> {
    const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(GOLDSMITH|NODE_)/.test(name)));
    const child = spawn(command, args, {
      cwd: this.path(folder),
      env: { ...own, PATH: `${this.path('node_modules', '.bin')}:${process.env['PATH']}`, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const text = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (piece: string) => (text[stream] += piece));
    }
    return new Promise((resolve, reject) => {
      child.on('error', reject).on('close', (status) => resolve({ status, ...text }));
    });
  }

  /** The same, but what does not end well is an error with all that was printed. */
  async must(...[folder, command, args, env]: Parameters<Checkout['run']>): Promise<string> {
    const { status, stdout, stderr } = await this.run(folder, command, args, env);
    if (status === 0) return stdout;
    throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stdout}\n${stderr}`);
  }

  /** Removes it. */
  remove(): void {
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Whether this machine lets a process have namespaces of its own, which the sandbox needs. */
export const hasNamespaces =
  process.platform === 'linux' &&
  spawnSync('unshare', [...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']), '--mount', 'true'])
    .status === 0;

/** What to say where it does not. */
export const NO_NAMESPACES =
  'this machine lets nobody make namespaces (Linux, and root or user namespaces, are needed)';
