import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

/** What the Go module proxy was seen to have last. Nothing of it goes into this repository. */
const PACKER = { module: 'github.com/hashicorp/packer', version: 'v1.15.4' };
const PLUGINS = {
  docker: { module: 'github.com/hashicorp/packer-plugin-docker', version: 'v1.1.2' },
  amazon: { module: 'github.com/hashicorp/packer-plugin-amazon', version: 'v1.3.2' },
} as const;

/** A Packer to compare with, and the environment that it needs. */
export interface Packer {
  readonly name: string;
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The newest Packer with one of its plugins, built from their sources once and kept in the user's cache. Undefined, and why is
 * printed, where this machine has no Go or the proxy does not give them.
 */
export function newestPacker(kind: keyof typeof PLUGINS): Packer | undefined {
  const cache = process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache');
  const dir = path.join(cache, 'goldsmith-bench', `packer-${PACKER.version}`);
  const plugins = path.join(dir, 'plugins');
  const packer = path.join(dir, 'packer');
  const env = { PACKER_PLUGIN_PATH: plugins, PACKER_CONFIG_DIR: dir, CHECKPOINT_DISABLE: '1' };
  const plugin = PLUGINS[kind];
  const done = path.join(dir, `done-${kind}-${plugin.version}`);
  try {
    fs.mkdirSync(plugins, { recursive: true });
    if (!fs.existsSync(packer)) {
      process.stdout.write(`building packer ${PACKER.version}, once: this takes some minutes\n`);
      build(PACKER, `${packer}.part`, '');
      fs.renameSync(`${packer}.part`, packer);
    }
    if (!fs.existsSync(done)) {
      process.stdout.write(`building its plugin ${kind} ${plugin.version}, once: this takes some minutes\n`);
      const file = path.join(dir, `packer-plugin-${kind}`);
      // A development version would have to be named as one wherever it is used.
      build(plugin, file, `-X ${plugin.module}/version.VersionPrerelease=`);
      run(packer, ['plugins', 'install', '--path', file, `github.com/hashicorp/${kind}`], dir, env);
      fs.writeFileSync(done, '');
    }
    return { name: `packer ${PACKER.version.slice(1)}`, path: packer, env };
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    const why = (stderr ?? message).trim().split('\n').slice(-3).join('\n  ');
    process.stdout.write(
      `not compared with packer ${PACKER.version} and its plugin ${kind}, which could not be built here:\n  ${why}\n`,
    );
    return undefined;
  }
}

/** `go install` refuses modules that replace others, as these do; so the source is built where it lies. */
function build({ module, version }: { module: string; version: string }, output: string, flags: string): void {
  const { Dir } = JSON.parse(run('go', ['mod', 'download', '-json', `${module}@${version}`], os.tmpdir())) as {
    Dir: string;
  };
  const source = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-bench-packer-'));
  try {
    // Go's cache is read only, and a build may want to write go.sum.
    fs.cpSync(Dir, source, { recursive: true });
    run('chmod', ['-R', 'u+w', source], source);
    run('go', ['build', '-mod=mod', '-ldflags', flags, '-o', output, '.'], source);
  } finally {
    fs.rmSync(source, { recursive: true, force: true });
  }
}

function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): string {
  return execFileSync(program, args, { cwd, env: { ...process.env, ...env }, encoding: 'utf8', stdio: 'pipe' });
}
