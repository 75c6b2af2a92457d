import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { Child, command } from './child';

/** Whether this machine can run a Docker Engine of the tests' own. */
export const canRunDockerd =
  process.getuid?.() === 0 && spawnSync('sh', ['-c', 'command -v dockerd && unshare --net true']).status === 0;

/** Why a suite that needs one is skipped. */
export const NO_DOCKERD = 'it needs root and dockerd (Debian: apt-get install docker.io)';

/** A Docker Engine of the tests' own: it can be stopped without anybody else noticing. */
export class Dockerd {
  static async start(dataRoot?: string): Promise<Dockerd> {
    // Short, for a socket's path has 108 bytes at most (unix(7)).
    const engine = new Dockerd(fs.mkdtempSync(path.join(os.tmpdir(), 'gs-engine-')), dataRoot);
    await engine.start();
    return engine;
  }

  private process: Child | undefined;

  private constructor(
    private readonly dir: string,
    private readonly dataRoot = path.join(dir, 'data'),
  ) {}

  get socket(): string {
    return path.join(this.dir, 'docker.sock');
  }

  /** The environment that makes a client use it. */
  get env(): { readonly DOCKER_HOST: string } {
    return { DOCKER_HOST: `unix://${this.socket}` };
  }

  /** Starts it (again), and waits until it answers. */
  async start(): Promise<void> {
    const args = [
      '--data-root',
      this.dataRoot,
      '--exec-root',
      path.join(this.dir, 'exec'),
      '--pidfile',
      path.join(this.dir, 'pid'),
    ];
    const network = ['--iptables=false', '--ip6tables=false', '--ip-masq=false', '--bridge=none'];
    // In a network of its own: with `--bridge=none` an engine deletes docker0, which belongs to the other one.
    this.process = new Child('unshare', ['--net', 'dockerd', ...args, ...network, '-H', `unix://${this.socket}`], {
      cwd: '/',
    });
    await this.process.prints(/API listen on/);
  }

  /** It dies, as in a crash. The containers' processes outlive it. */
  async crash(): Promise<void> {
    this.process!.kill('SIGKILL');
    await this.process!.ended;
    // Its containerd dies with it. Where nobody reaps orphans (a machine without an init), the next engine would take the dead
    // process for a living one and wait for it.
    fs.rmSync(path.join(this.dir, 'exec', 'containerd', 'containerd.pid'), { force: true });
  }

  /** Runs a command of Docker's own command line. */
  async docker(...args: string[]): Promise<string> {
    const { stdout, stderr, status } = await command('docker', ['-H', `unix://${this.socket}`, ...args]);
    if (status !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** Ends it and deletes all that it had. */
  async remove(): Promise<void> {
    this.process!.kill('SIGTERM');
    await this.process!.ended;
    for (const mount of fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n').reverse()) {
      const place = mount.split(' ')[4] ?? '';
      if (place.startsWith(`${this.dir}/`)) await command('umount', ['-l', place]);
    }
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}
