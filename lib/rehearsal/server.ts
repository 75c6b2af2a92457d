import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { GoldsmithError } from '../errors';
import { explainErrno } from '../util/errno';
import type { Cloud } from './cloud';

/** A cloud's server on loopback. */
export interface CloudServer {
  /** Such as `http://127.0.0.1:41234`. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Most bytes of a request: user data and the like are far smaller. */
const LIMIT = 8 * 1024 * 1024;

/**
 * Serves a cloud.
 *
 * @param port 0 for any that is free
 */
export async function serve(cloud: Cloud, port: number): Promise<CloudServer> {
  const server = http.createServer((request, response) => {
    answer(cloud, request, response).catch(() => response.destroy());
  });
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
      }),
  };
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
  const { method = 'GET', url = '/', headers } = request;
  const { status, headers: own, body, lost } = await cloud.handle({ method, url, headers, body: Buffer.concat(parts) });
  if (lost === true) response.destroy();
  else response.writeHead(status, own).end(body);
}
