import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const root = path.join(__dirname, '../..');

/** What a command printed, and how it ended. */
export interface Ended {
  readonly status: number | null;
  readonly output: string;
}

/** A folder of small projects that use the packed package, installed once for all of them. */
export class Consumers {
  readonly dir: string;

  private constructor() {
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-consumers-'));
  }

  /**
   * Packs the compiled package and installs the tarball, with `tools` beside it.
   *
   * @param tools npm packages by name; `=` is the version that this project itself has
   */
  static async install(tools: Readonly<Record<string, string>>): Promise<Consumers> {
    const consumers = new Consumers();
    const packed = await consumers.npm(['pack', root, '--ignore-scripts', '--json']);
    const [{ filename }] = JSON.parse(packed.output.slice(packed.output.indexOf('['))) as [{ filename: string }];
    const versions = Object.entries(tools).map(([name, version]) => [
      name,
      version === '=' ? installed(name) : version,
    ]);
    consumers.write('package.json', {
      private: true,
      dependencies: { goldsmith: `file:${filename}`, ...Object.fromEntries(versions) },
    });
    await consumers.npm([
      'install',
      '--prefer-offline',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ]);
    return consumers;
  }

  /** Writes a file; what is no text as JSON. */
  write(name: string, content: string | object): void {
    const file = path.join(this.dir, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  }

  exists(name: string): boolean {
    return fs.existsSync(path.join(this.dir, name));
  }

  /** Runs Node in one of the projects. */
  node(project: string, ...args: string[]): Promise<Ended> {
    return run(process.execPath, args, path.join(this.dir, project));
  }

  /** Path of a command's file in an installed package. */
  bin(name: string, command = name): string {
    const folder = path.join(this.dir, 'node_modules', name);
    const { bin } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
      bin: string | Record<string, string>;
    };
    return path.join(folder, typeof bin === 'string' ? bin : bin[command]!);
  }

  remove(): void {
    fs.rmSync(this.dir, { recursive: true, force: true });
  }

  private async npm(args: readonly string[]): Promise<Ended> {
    const ended = await run('npm', args, this.dir);
    if (ended.status !== 0) throw new Error(`npm ${args.join(' ')} failed:\n${ended.output}`);
    return ended;
  }
}

/** Whether npm's registry can be asked. */
export function hasRegistry(): boolean {
  return spawnSync('npm', ['ping', '--fetch-retries=0', '--fetch-timeout=5000'], { stdio: 'ignore' }).status === 0;
}

function installed(name: string): string {
  const file = path.join(root, 'node_modules', name, 'package.json');
  return (JSON.parse(fs.readFileSync(file, 'utf8')) as { version: string }).version;
}

function run(program: string, args: readonly string[], cwd: string): Promise<Ended> {
  // npm and jest tell their children things by the environment, which a user's shell would not.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|JEST_|NODE_ENV)/.test(name)));
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...env, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output }));
  });
}
