import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';

/** A real registry on the loopback, with or without a login. It keeps its files in `dir`, and deletes that when it stops. */
export class Registry {
  static async start(
    login?: { readonly username: string; readonly password: string },
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-registry-')),
  ): Promise<Registry> {
    fs.mkdirSync(dir, { recursive: true });
    const port = await freePort();
    const htpasswd = path.join(dir, 'htpasswd');
    if (login) fs.writeFileSync(htpasswd, spawnSync('htpasswd', ['-Bbn', login.username, login.password]).stdout);
    const config = [
      'version: 0.1',
      'log: { level: error }',
      `storage: { filesystem: { rootdirectory: ${dir}/data }, delete: { enabled: true } }`,
      `http: { addr: "127.0.0.1:${port}" }`,
      ...(login ? [`auth: { htpasswd: { realm: test, path: ${htpasswd} } }`] : []),
    ];
    fs.writeFileSync(path.join(dir, 'config.yml'), config.join('\n'));
    const server = spawn('docker-registry', ['serve', path.join(dir, 'config.yml')], { stdio: 'ignore' });
    const registry = new Registry(`127.0.0.1:${port}`, dir, server);
    await registry.answers();
    return registry;
  }

  private constructor(
    readonly host: string,
    private readonly dir: string,
    private readonly server: ChildProcess,
  ) {}

  /** Ends it and deletes what was pushed. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.server.once('exit', resolve));
    this.server.kill('SIGKILL');
    await ended;
    fs.rmSync(this.dir, { recursive: true, force: true });
  }

  private async answers(): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      const up = await fetch(`http://${this.host}/v2/`).then(
        () => true,
        () => false,
      );
      if (up) return;
      if (attempt > 100 || this.server.exitCode !== null) throw new Error('the registry did not start');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
