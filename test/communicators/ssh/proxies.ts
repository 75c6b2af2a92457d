import { spawn } from 'node:child_process';
import * as net from 'node:net';
import { freePort, type Sshd } from './sshd';

/** A proxy, or anything else that is ended with the test. */
export interface Running {
  readonly port: number;
  stop(): Promise<void>;
}

/** What listens and does something of its own with each connection. */
export async function listener(onSocket: (socket: net.Socket) => void): Promise<Running> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return {
    port: (server.address() as net.AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** A proxy that knows CONNECT, and one user. */
export function httpProxy(login: string): Promise<Running> {
  const wanted = `Basic ${Buffer.from(login).toString('base64')}`;
  return listener((socket) => {
    socket.once('data', (head) => {
      const [, host, port] = /^CONNECT (\S+):(\d+) HTTP/.exec(head.toString()) ?? [];
      if (!head.toString().includes(wanted)) {
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
        return;
      }
      const to = net.connect(Number(port), host!);
      to.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
      to.once('connect', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(to).pipe(socket);
      });
    });
  });
}

/** OpenSSH's own SOCKS proxy, through a server of the tests. */
export async function socksProxy(through: Sshd): Promise<Running> {
  const port = await freePort();
  const options = [
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
    'ExitOnForwardFailure=yes',
  ];
  const child = spawn(
    'ssh',
    [...options.flatMap((one) => ['-o', one]), '-F', 'none', '-i', through.userKey, '-p', String(through.port)].concat([
      '-N',
      '-D',
      `127.0.0.1:${port}`,
      'root@127.0.0.1',
    ]),
    { stdio: 'ignore' },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (let tries = 0; tries < 500 && !(await answers(port)); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 10));
  return { port, stop: async () => (child.kill('SIGKILL'), ended) };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false)).once('connect', () => resolve(socket.destroy() !== undefined));
  });
}
