import type { IncomingMessage } from 'node:http';
import * as http from 'node:http';
import * as https from 'node:https';
import type { Readable } from 'node:stream';

/** A request. */
export interface HttpRequest {
  readonly method?: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** With a stream, `content-length` is among the headers. */
  readonly body?: string | Readable;
  readonly signal: AbortSignal;
}

/** How connections are made. */
export interface Transport {
  send(request: HttpRequest): Promise<IncomingMessage>;
  close(): void;
}

/** Milliseconds without a byte after which a connection counts as dead. */
const SILENCE = 60_000;
const MAX_REDIRECTS = 5;

/** A transport that keeps connections open, follows redirects of reads, and gives credentials to nobody but who asked for them. */
export function makeTransport(options: { readonly checkCertificates: boolean }): Transport {
  const agents = {
    'http:': new http.Agent({ keepAlive: true, maxSockets: 8 }),
    'https:': new https.Agent({ keepAlive: true, maxSockets: 8, rejectUnauthorized: options.checkCertificates }),
  };
  const once = (request: HttpRequest): Promise<IncomingMessage> => {
    const url = new URL(request.url);
    const protocol = url.protocol === 'http:' ? 'http:' : 'https:';
    const module = protocol === 'http:' ? http : https;
    return new Promise((resolve, reject) => {
      const outgoing = module.request(
        url,
        {
          method: request.method ?? 'GET',
          headers: { 'user-agent': 'goldsmith', ...request.headers },
          agent: agents[protocol],
          signal: request.signal,
        },
        resolve,
      );
      outgoing.setTimeout(SILENCE, () =>
        outgoing.destroy(new Error(`no answer from ${url.host} for ${SILENCE / 1000} seconds`)),
      );
      outgoing.once('error', reject);
      if (request.body === undefined || typeof request.body === 'string') outgoing.end(request.body);
      else request.body.once('error', (error) => outgoing.destroy(error)).pipe(outgoing);
    });
  };
  const send = async (request: HttpRequest, redirects = 0): Promise<IncomingMessage> => {
    const response = await once(request);
    const location = response.headers.location;
    const reading = ['GET', 'HEAD', undefined].includes(request.method);
    if (
      !reading ||
      location === undefined ||
      response.statusCode! < 300 ||
      response.statusCode! >= 400 ||
      redirects >= MAX_REDIRECTS
    )
      return response;
    response.resume();
    const target = new URL(location, request.url);
    const { authorization: _authorization, ...others } = request.headers ?? {};
    const headers = target.origin === new URL(request.url).origin ? (request.headers ?? {}) : others;
    return send({ ...request, url: target.href, headers }, redirects + 1);
  };
  return { send: (request) => send(request), close: () => Object.values(agents).forEach((agent) => agent.destroy()) };
}

/** The body of a response, for messages and JSON. */
export async function textOf(response: IncomingMessage, limit = 1 << 23): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response) {
    parts.push(part as Buffer);
    size += (part as Buffer).length;
    if (size > limit) throw new Error('the answer is too long');
  }
  return Buffer.concat(parts).toString('utf8');
}
