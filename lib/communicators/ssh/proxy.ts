import { isIP, type Socket } from 'node:net';
import { messageOf } from '../../errors';
import { inWords, SshFailure } from './failure';
import { connectTcp, readAnswer, type Address } from './sockets';

/** A proxy, resolved. */
export interface Proxy {
  readonly kind: 'socks5' | 'http';
  readonly host: string;
  readonly port?: number | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** Opens a connection to `target` through a proxy. */
export async function connectByProxy(proxy: Proxy, target: Address, signal: AbortSignal): Promise<Socket> {
  const port = proxy.port ?? (proxy.kind === 'socks5' ? 1080 : 3128);
  const name = `the proxy ${proxy.host}:${port}`;
  const socket = await connectTcp({ host: proxy.host, port }, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new SshFailure('TCP', `${name}: ${messageOf(error)}`, { cause: error });
  });
  try {
    await (proxy.kind === 'socks5' ? bySocks5(socket, proxy, target, signal) : byHttp(socket, proxy, target, signal));
    return socket;
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    if (error instanceof SshFailure) throw new SshFailure('TCP', `${name} ${error.message}`, error);
    throw new SshFailure('TCP', `${name}: ${inWords(error)}`, { cause: error });
  }
}

/** Answers of RFC 1928, 6. */
const REPLIES = [
  '',
  'had a general failure',
  'does not allow this connection',
  'cannot reach the network',
  'cannot reach the host',
  'was refused by the host',
  'waited too long',
  'does not know this command',
  'does not know this type of address',
];

async function bySocks5(socket: Socket, proxy: Proxy, target: Address, signal: AbortSignal): Promise<void> {
  const { username, password = '' } = proxy;
  socket.write(username === undefined ? Buffer.from([5, 1, 0]) : Buffer.from([5, 2, 0, 2]));
  const [version, method] = await readAnswer(socket, atLeast(2), signal);
  if (version !== 5) throw new SshFailure('TCP', 'does not speak SOCKS 5', { hopeless: true });
  if (method === 2 && username !== undefined) {
    // RFC 1929.
    socket.write(Buffer.concat([Buffer.from([1]), short(username), short(password)]));
    const [, status] = await readAnswer(socket, atLeast(2), signal);
    if (status !== 0) throw new SshFailure('TCP', `refused the user \`${username}\``, { hopeless: true });
  } else if (method !== 0) {
    throw new SshFailure('TCP', 'wants to know who we are', {
      hopeless: true,
      hint: 'give `username` and `password` of the proxy',
    });
  }
  const port = Buffer.from([target.port >> 8, target.port & 255]);
  socket.write(Buffer.concat([Buffer.from([5, 1, 0]), address(target.host), port]));
  const answer = await readAnswer(
    socket,
    (data) => (data.length < 5 ? undefined : atLeast(socksLength(data))(data)),
    signal,
  );
  if (answer[1] !== 0) throw new SshFailure('TCP', REPLIES[answer[1]!] ?? `answered with ${answer[1]}`);
}

function socksLength(data: Buffer): number {
  if (data[3] === 1) return 10;
  return data[3] === 4 ? 22 : 7 + data[4]!;
}

/** Names are looked up by the proxy: it may know more of them. */
function address(host: string): Buffer {
  if (isIP(host) === 4) return Buffer.from([1, ...host.split('.').map(Number)]);
  return Buffer.concat([Buffer.from([3]), short(host)]);
}

function short(text: string): Buffer {
  const bytes = Buffer.from(text).subarray(0, 255);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function atLeast(length: number): (data: Buffer) => number | undefined {
  return (data) => (data.length >= length ? length : undefined);
}

/** What a proxy may say before its body: more is no answer. */
const MAX_HEAD = 65536;

async function byHttp(socket: Socket, proxy: Proxy, target: Address, signal: AbortSignal): Promise<void> {
  const { username, password = '' } = proxy;
  const to = `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
  const login =
    username === undefined
      ? ''
      : `Proxy-Authorization: Basic ${Buffer.from(`${username}:${password}`).toString('base64')}\r\n`;
  socket.write(`CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n${login}\r\n`);
  const answer = await readAnswer(
    socket,
    (data) => {
      const end = data.indexOf('\r\n\r\n');
      return end >= 0 ? end + 4 : atLeast(MAX_HEAD)(data);
    },
    signal,
  );
  const [, status, reason = ''] = /^HTTP\/1\.\d (\d{3}) ?([^\r\n]*)/.exec(answer.toString('latin1')) ?? [];
  if (status === undefined) throw new SshFailure('TCP', 'does not speak HTTP', { hopeless: true });
  if (status.startsWith('2')) return;
  throw new SshFailure('TCP', `answered ${status} ${reason}`.trimEnd(), {
    hopeless: ['401', '403', '407'].includes(status),
    ...(status === '407' && { hint: 'give the right `username` and `password` of the proxy' }),
  });
}
