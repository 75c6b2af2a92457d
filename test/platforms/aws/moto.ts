import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';

/** Where CI installs it: `python3 -m venv DIR && DIR/bin/pip install 'moto[server]'`. */
const FOLDER = path.join(os.homedir(), '.cache/goldsmith-ci/moto');

/** The command that starts moto's server; undefined where it is not installed. */
export function motoCommand(): string | undefined {
  const own = path.join(FOLDER, 'bin/moto_server');
  if (fs.existsSync(own)) return own;
  return spawnSync('moto_server', ['--help'], { stdio: 'ignore' }).status === 0 ? 'moto_server' : undefined;
}

/** What is said where it is missing. */
export const NO_MOTO = "moto is not there: python3 -m venv ~/.cache/goldsmith-ci/moto && ~/.cache/goldsmith-ci/moto/bin/pip install 'moto[server]'";

/** A third party's server that speaks AWS's APIs, on loopback. */
export class Moto {
  static async start(): Promise<Moto> {
    const port = await freePort();
    const child = spawn(motoCommand()!, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    const url = `http://127.0.0.1:${port}`;
    for (let tries = 0; ; tries += 1) {
      if (await fetch(`${url}/moto-api/`).then(({ ok }) => ok, () => false)) return new Moto(child, url);
      if (tries > 600 || child.exitCode !== null) throw new Error('moto did not start');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** The environment of a run that is pointed at it. */
  env(more: Record<string, string> = {}): Record<string, string> {
    return {
      HOME: os.tmpdir(),
      AWS_ENDPOINT_URL: this.url,
      AWS_ACCESS_KEY_ID: 'testing',
      AWS_SECRET_ACCESS_KEY: 'testing-secret',
      AWS_REGION: 'eu-west-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...more,
    };
  }

  /** Forgets everything. */
  async reset(): Promise<void> {
    await fetch(`${this.url}/moto-api/reset`, { method: 'POST' });
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
