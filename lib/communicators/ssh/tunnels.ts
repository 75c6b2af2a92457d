import * as net from 'node:net';
import type { Duplex } from 'node:stream';
import { GoldsmithError, messageOf } from '../../errors';
import type { Line } from './line';
import type { Link } from './link';
import { SshFailure } from './failure';

interface Tunnel {
  readonly listen: number;
  readonly host: string;
  readonly port: number;
}

/** Takes `8080:localhost:80` apart. */
function parse(text: string): Tunnel {
  const [, listen, host, port] = /^(\d+):(.+):(\d+)$/.exec(text)!;
  return { listen: Number(listen), host: host!.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/** Listens on the machine for each connection that is made, and connects from here. */
export function openRemoteTunnels(line: Line, tunnels: readonly string[]): void {
  if (tunnels.length === 0) return;
  const all = tunnels.map(parse);
  line.onOpen(async ({ client }) => {
    client.on('tcp connection', ({ destPort }, accept, reject) => {
      const tunnel = all.find(({ listen }) => listen === destPort);
      if (!tunnel) {
        reject();
        return;
      }
      const socket = net.connect({ host: tunnel.host, port: tunnel.port });
      socket.once('error', reject).once('connect', () => join(socket, accept()));
    });
    for (const { listen } of all) {
      await new Promise<void>((resolve, refuse) => {
        client.forwardIn('127.0.0.1', listen, (error) => (error ? refuse(notOpened(listen, error)) : resolve()));
      });
    }
  });
}

function notOpened(listen: number, error: Error): SshFailure {
  return new SshFailure(
    'shell',
    `the machine does not listen on ${listen} for \`remoteTunnels\`: ${messageOf(error)}`,
    {
      hint: 'the port may be in use there, or its SSH server forbid it (AllowTcpForwarding)',
      cause: error,
    },
  );
}

/** Listens here, and connects from the machine. Returns what ends it. */
export async function openLocalTunnels(
  line: Line,
  tunnels: readonly string[],
  signal: AbortSignal,
): Promise<() => void> {
  const servers: net.Server[] = [];
  const sockets = new Set<net.Socket>();
  const close = (): void => {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
  };
  try {
    for (const tunnel of tunnels.map(parse)) {
      const server = net.createServer((socket) => {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
        line.use(signal).then(
          (link) => lead(link, socket, tunnel),
          () => socket.destroy(),
        );
      });
      servers.push(server);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(tunnel.listen, '127.0.0.1', () => resolve());
      });
    }
  } catch (error) {
    close();
    throw new GoldsmithError('CONNECT_FAILED', `\`localTunnels\` cannot listen here: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return close;
}

function lead({ client }: Link, socket: net.Socket, { host, port }: Tunnel): void {
  client.forwardOut('127.0.0.1', socket.remotePort ?? 0, host, port, (error, channel) => {
    if (error) socket.destroy();
    else join(socket, channel);
  });
}

function join(socket: net.Socket, channel: Duplex): void {
  socket.setNoDelay(true);
  channel.on('error', () => socket.destroy()).once('close', () => socket.destroy());
  socket.on('error', () => channel.end()).once('close', () => channel.end());
  socket.pipe(channel).pipe(socket);
}
