import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** One file, to be fetched once. */
export interface Offer {
  readonly url: string;
  /** Ends it; nobody can fetch it any more. */
  close(): Promise<void>;
}

/** Offers a file by HTTP, at an address that nobody can guess, to whoever asks for it first. */
export async function offerFile(
  file: string,
  size: number,
  { host, port = 0 }: { readonly host: string; readonly port?: number | undefined },
  onProgress: (sent: number) => void,
): Promise<Offer> {
  const secret = `/${randomBytes(24).toString('hex')}`;
  let taken = false;
  const server = http.createServer((request, response) => {
    if (taken || request.url !== secret || request.method !== 'GET') {
      response.writeHead(404).end();
      return;
    }
    taken = true;
    response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': size });
    let sent = 0;
    const counted = async function* (chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
      for await (const chunk of chunks) {
        onProgress((sent += chunk.length));
        yield chunk;
      }
    };
    pipeline(createReadStream(file, { highWaterMark: 512 * 1024 }), counted, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(port, host === 'localhost' ? '127.0.0.1' : undefined, () => resolve()),
  );
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${shown}:${(server.address() as AddressInfo).port}${secret}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
