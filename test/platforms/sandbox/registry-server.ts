import { createHash } from 'node:crypto';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from '../docker/registry';

/** A registry on a loopback port. */
export interface RegistryServer {
  /** Such as `127.0.0.1:41234`. */
  readonly host: string;
  stop(): Promise<void>;
}

/** A real docker-registry that keeps its files in `dir`; with `password`, for user `mary` of that password alone. */
export function startRegistry(dir: string, password?: string): Promise<RegistryServer> {
  return Registry.start(password === undefined ? undefined : { username: 'mary', password }, dir);
}

/** Stands before a registry, and breaks connections as it is told: `true` from `cut` ends a transfer after so many bytes. */
export async function startBreaker(
  target: string,
  cut: (method: string, url: string, count: number) => number | undefined,
): Promise<RegistryServer & { readonly broken: string[]; readonly resumed: string[] }> {
  const broken: string[] = [];
  const resumed: string[] = [];
  let count = 0;
  const server = http.createServer((request, response) => {
    const range = request.headers['content-range'] ?? request.headers.range;
    if (range !== undefined) resumed.push(`${request.method} ${range}`);
    const limit = cut(request.method!, request.url!, ++count);
    const [hostname, port] = target.split(':');
    const headers = { ...request.headers, host: request.headers.host };
    const forward = http.request({ hostname, port, path: request.url, method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      let sent = 0;
      answer.on('data', (part: Buffer) => {
        sent += part.length;
        if (limit === undefined || request.method !== 'GET' || sent < limit) return void response.write(part);
        broken.push(`${request.method} ${sent}`);
        response.destroy();
      });
      answer.on('end', () => response.end());
      answer.on('error', () => response.destroy());
    });
    forward.on('error', () => response.destroy());
    let taken = 0;
    request.on('data', (part: Buffer) => {
      taken += part.length;
      if (limit !== undefined && request.method === 'PATCH' && taken >= limit) {
        broken.push(`${request.method} ${taken}`);
        forward.destroy();
        request.socket.destroy();
        return;
      }
      forward.write(part);
    });
    request.on('end', () => forward.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    broken,
    resumed,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** What takes uploads as the distribution specification says, and keeps count of what arrived when a connection broke. */
export async function startUploads(): Promise<
  RegistryServer & { readonly blobs: Map<string, Buffer>; readonly ranges: string[]; breakAfter: number }
> {
  const uploads = new Map<string, Buffer>();
  const state = { blobs: new Map<string, Buffer>(), ranges: [] as string[], breakAfter: Infinity };
  const server = http.createServer((request, response) => {
    const url = new URL(request.url!, 'http://x');
    const answer = (status: number, headers: Record<string, string> = {}): void =>
      void response.writeHead(status, headers).end();
    const key = url.pathname;
    if (url.pathname === '/v2/') return answer(200);
    if (request.method === 'HEAD') return answer(state.blobs.has(url.pathname.split('/').at(-1)!) ? 200 : 404);
    if (request.method === 'POST') {
      const location = `${url.pathname}${uploads.size + 1}`;
      uploads.set(location, Buffer.alloc(0));
      return answer(202, { location });
    }
    const soFar = uploads.get(key) ?? Buffer.alloc(0);
    if (request.method === 'GET') return answer(204, { location: key, range: `0-${soFar.length - 1}` });
    if (request.method === 'PATCH') {
      state.ranges.push(request.headers['content-range'] ?? 'all');
      request.on('data', (part: Buffer) => {
        const all = Buffer.concat([uploads.get(key)!, part]);
        uploads.set(key, all);
        if (all.length <= state.breakAfter) return;
        state.breakAfter = Infinity;
        request.socket.destroy();
      });
      request.on('end', () => answer(202, { location: key }));
      return;
    }
    request.resume();
    const digest = url.searchParams.get('digest');
    if (digest === null) return answer(201);
    const matches = `sha256:${createHash('sha256').update(soFar).digest('hex')}` === digest;
    if (matches) state.blobs.set(digest, soFar);
    answer(matches ? 201 : 400);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(state, {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}
