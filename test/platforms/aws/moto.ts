import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as http from 'node:http';
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
export const NO_MOTO =
  "moto is not there: python3 -m venv ~/.cache/goldsmith-ci/moto && ~/.cache/goldsmith-ci/moto/bin/pip install 'moto[server]'";

/** A third party's server that speaks AWS's APIs, on loopback. In front of it stands a proxy that counts the calls. */
export class Moto {
  static async start(): Promise<Moto> {
    const port = await freePort();
    const child = spawn(motoCommand()!, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    const own = `http://127.0.0.1:${port}`;
    for (let tries = 0; ; tries += 1) {
      const answers = await fetch(`${own}/moto-api/`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (answers) break;
      if (tries > 600 || child.exitCode !== null) throw new Error('moto did not start');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const moto = new Moto(child, own);
    await new Promise<void>((resolve) => moto.proxy.listen(0, '127.0.0.1', resolve));
    return moto;
  }

  /** Names of the calls since the last {@link reset}, such as `RunInstances`. */
  readonly calls: string[] = [];
  /** Answers a call in moto's place: status and body. */
  instead:
    ((action: string, body: string) => { readonly status: number; readonly body: string } | undefined) | undefined;
  private readonly proxy = http.createServer((request, response) => void this.pass(request, response));

  private constructor(
    private readonly child: ChildProcess,
    private readonly own: string,
  ) {}

  /** Address of the proxy. */
  get url(): string {
    return `http://127.0.0.1:${(this.proxy.address() as net.AddressInfo).port}`;
  }

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
    await fetch(`${this.own}/moto-api/reset`, { method: 'POST' });
    this.instead = undefined;
    this.calls.length = 0;
  }

  stop(): void {
    this.proxy.closeAllConnections();
    this.proxy.close();
    this.child.kill('SIGKILL');
  }

  private async pass(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString('utf8');
    const target = request.headers['x-amz-target'];
    const action = typeof target === 'string' ? target.split('.')[1]! : (new URLSearchParams(body).get('Action') ?? '');
    this.calls.push(action);
    const other = this.instead?.(action, body);
    if (other) {
      response.writeHead(other.status, { 'content-type': 'text/xml' }).end(other.body);
      return;
    }
    const { host: _host, 'content-length': _length, connection: _connection, ...headers } = request.headers;
    const answer = await fetch(this.own + request.url!, {
      method: request.method!,
      headers: headers as Record<string, string>,
      ...(body !== '' && { body: action === 'CreateImage' ? withoutSnapshotTags(body) : body }),
    });
    const text = await answer.text();
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/xml' }).end(text);
  }
}

/** An error as EC2 says it. */
export function ec2Error(code: string, message: string): string {
  return `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>1</RequestID></Response>`;
}

/** Where moto is less faithful than AWS: its CreateImage cannot tag snapshots, and fails. */
function withoutSnapshotTags(body: string): string {
  const params = new URLSearchParams(body);
  for (const [name, value] of [...params]) {
    const [, prefix] = /^(TagSpecification\.\d+\.)ResourceType$/.exec(name) ?? [];
    if (prefix === undefined || value !== 'snapshot') continue;
    for (const key of [...params.keys()]) if (key.startsWith(prefix)) params.delete(key);
  }
  return params.toString();
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
