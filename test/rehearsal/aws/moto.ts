import { spawn } from 'node:child_process';
import * as net from 'node:net';
import type { ApiCall } from './call';
import { HOW, tool } from './tools';

const program = tool('moto_server');
export const HAS_MOTO = program !== undefined;
export const NO_MOTO = `moto_server is not here: ${HOW}`;

/** A third party's AWS, on a port of its own. */
export interface Moto {
  readonly url: string;
  /** Forgets all that was made. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** Milliseconds that Python may take to load all services, where much else runs. */
const START = 50_000;

/** Starts moto, and comes back when it answers. */
export async function startMoto(): Promise<Moto> {
  const port = await freePort();
  const child = spawn(program!, ['-H', '127.0.0.1', '-p', String(port)], {
    env: { ...process.env, AWS_EC2_METADATA_DISABLED: 'true', PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // A test that fails before it stops this is not held up by it: the end of the process ends both.
  child.unref();
  (child.stderr as net.Socket).unref();
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-4000)));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const leave = (): void => void child.kill('SIGKILL');
  process.once('exit', leave);
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    process.removeListener('exit', leave);
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(late);
  };
  const until = Date.now() + START;
  while (!(await answers(url))) {
    if (child.exitCode !== null || Date.now() > until) {
      await stop();
      throw new Error(`moto did not start:\n${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    url,
    stop,
    reset: async () => {
      const answer = await fetch(`${url}/moto-api/reset`, { method: 'POST', signal: AbortSignal.timeout(30_000) });
      if (!answer.ok) throw new Error(`moto did not forget: ${answer.status}`);
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/moto-api/data.json`, { signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    return false;
  }
}

/** A port that nobody has, for programs that cannot say which they were given. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A body that moto can take: its CreateImage fails where snapshots are to be tagged. */
export function takenByMoto({ action, body }: ApiCall): string {
  if (action !== 'CreateImage') return body;
  const params = new URLSearchParams(body);
  const spoiling = [...params].flatMap(
    ([name, value]) => (value === 'snapshot' && /^(TagSpecification\.\d+\.)ResourceType$/.exec(name)?.[1]) || [],
  );
  for (const name of [...params.keys()]) if (spoiling.some((prefix) => name.startsWith(prefix))) params.delete(name);
  return params.toString();
}
