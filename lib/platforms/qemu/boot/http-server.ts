import { createReadStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as http from 'node:http';
import * as path from 'node:path';
import { GoldsmithError } from '../../../errors';
import { nearest } from '../../../util/nearest';
import type { QemuConfig } from '../props/qemu-props';

/** Files that a guest can fetch while it is built. */
export interface FileServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves the folder or the texts of the props at the first free port; undefined where there is nothing to serve. */
export async function serveFiles(config: QemuConfig): Promise<FileServer | undefined> {
  const { httpDirectory, httpContent } = config;
  if (httpDirectory === undefined && httpContent === undefined) return undefined;
  const server = http.createServer((request, response) => {
    const name = nameOf(request.url ?? '/');
    const answered =
      httpDirectory === undefined
        ? Promise.resolve(fromTexts(httpContent ?? {}, name, response))
        : fromFolder(httpDirectory, name, response);
    answered.catch(() => response.destroy());
  });
  const min = config.httpPortMin ?? 8000;
  const max = config.httpPortMax ?? 9000;
  for (let port = min; port <= max; port += 1) {
    if (!(await listens(server, port, config.httpBindAddress ?? '127.0.0.1'))) continue;
    return { port, close: () => ended(server) };
  }
  throw new GoldsmithError('LAUNCH_FAILED', `no port is free for the HTTP server between ${min} and ${max}`, {
    hint: 'give other ports with `httpPortMin` and `httpPortMax`',
  });
}

function nameOf(url: string): string {
  try {
    return path.posix.normalize(decodeURIComponent(url.split(/[?#]/)[0]!));
  } catch {
    return '/';
  }
}

function fromTexts(content: Readonly<Record<string, string>>, name: string, response: http.ServerResponse): void {
  const texts = new Map(Object.entries(content).map(([key, text]) => [path.posix.join('/', key), text]));
  const text = texts.get(name);
  if (text !== undefined) {
    response.end(text);
    return;
  }
  const [close] = nearest(name, texts.keys());
  response.writeHead(404).end(close === undefined ? 'not found\n' : `not found; there is ${close}\n`);
}

async function fromFolder(folder: string, name: string, response: http.ServerResponse): Promise<void> {
  const file = path.join(folder, name);
  const inside = path.relative(folder, file);
  const stat = inside.startsWith('..') ? undefined : await fs.stat(file).catch(() => undefined);
  if (!stat?.isFile()) {
    response.writeHead(404).end('not found\n');
    return;
  }
  response.writeHead(200, { 'content-length': stat.size });
  createReadStream(file)
    .on('error', () => response.destroy())
    .pipe(response);
}

function listens(server: http.Server, port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(false) : reject(error);
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      server.unref();
      resolve(true);
    });
  });
}

function ended(server: http.Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
