import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { GoldsmithError } from '../errors';
import { explainErrno } from '../util/errno';
import type { WebSocket } from 'ws';
import type { ChannelCloud } from './channels';
import type { Cloud } from './cloud';

/** A cloud's server on loopback. */
export interface CloudServer {
  /** Such as `http://127.0.0.1:41234`. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Most bytes of a request: parts of disks are the largest, and clients send them in pieces of some megabytes. */
const LIMIT = 64 * 1024 * 1024;

/**
 * Serves a cloud.
 *
 * @param port 0 for any that is free
 */
export async function serve(cloud: ChannelCloud, port: number): Promise<CloudServer> {
  const server = http.createServer((request, response) => {
    answer(cloud, request, response).catch(() => response.destroy());
  });
  const sockets = webSockets(cloud, server);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen({ host: '127.0.0.1', port, exclusive: true }, () => resolve());
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE' || code === 'EACCES') throw portError(port, code);
    throw explainErrno(error, `listening at 127.0.0.1:${port}`);
  }
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of sockets) socket.terminate();
      }),
  };
}

/** Takes web socket connections where the cloud has something at their address. */
function webSockets(cloud: ChannelCloud, server: http.Server): ReadonlySet<WebSocket> {
  const open = new Set<WebSocket>();
  server.on('upgrade', (request, socket, head) => {
    const serving = cloud.channel?.({ url: request.url ?? '/', headers: request.headers });
    if (!serving) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      return;
    }
    const { WebSocketServer } = require('ws') as typeof import('ws');
    new WebSocketServer({ noServer: true, perMessageDeflate: false }).handleUpgrade(request, socket, head, (one) => {
      open.add(one.once('close', () => open.delete(one)));
      serving(one);
    });
  });
  return open;
}

function portError(port: number, code: 'EADDRINUSE' | 'EACCES'): GoldsmithError {
  const why = code === 'EACCES' ? 'which this user may not listen at' : 'at which another program listens already';
  return new GoldsmithError('BAD_USAGE', `the port is ${port}, ${why}`, {
    hint: 'name another with --port N, or none for any that is free',
  });
}

async function answer(cloud: Cloud, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LIMIT) {
      response.writeHead(413).end();
      return;
    }
    parts.push(part);
  }
  const { method = 'GET', url = '/', headers, socket } = request;
  const at = `${socket.localAddress}:${socket.localPort}`;
  const {
    status,
    headers: own,
    body,
    lost,
  } = await cloud.handle({ method, url, headers, body: Buffer.concat(parts), at });
  if (lost === true) response.destroy();
  else response.writeHead(status, own).end(body);
}
