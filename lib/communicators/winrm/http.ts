import * as http from 'node:http';
import type { Duplex } from 'node:stream';
import { inWords } from '../ssh/failure';
import { LinkLost } from './failure';

/** What HTTP answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What a machine may answer at most, in bytes: more is no answer. */
const MOST = 64 * 1024 * 1024;

/** HTTP over one connection, which is never exchanged for another: whoever logs in by NTLM has logged in on it. */
export class HttpConnection {
  private readonly agent: http.Agent;
  private failure: Error | undefined;

  constructor(
    private readonly socket: Duplex,
    private readonly host: string,
  ) {
    this.agent = new OneSocket(socket);
    // Whoever spoke to a proxy on it has left it paused.
    socket.resume();
    socket.on('error', (error) => (this.failure ??= error));
    socket.once('close', () => (this.failure ??= new Error('the other side ended it')));
  }

  /** Whether it cannot be used any more. */
  get lost(): boolean {
    return this.failure !== undefined || this.socket.destroyed;
  }

  /** Asks, and waits for the answer. @throws LinkLost where none came */
  post(body: Uint8Array, headers: http.OutgoingHttpHeaders, signal: AbortSignal): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.close();
        settle(() => reject(signal.reason as Error));
      };
      const settle = (action: () => void): void => {
        signal.removeEventListener('abort', stop);
        action();
      };
      const fail = (error: Error): void => settle(() => reject(new LinkLost(inWords(error), { cause: error })));
      const request = http.request({
        method: 'POST',
        path: '/wsman',
        agent: this.agent,
        headers: { Host: this.host, 'User-Agent': 'goldsmith', ...headers, 'Content-Length': body.length },
      });
      request.once('error', fail).once('response', (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          if ((length += chunk.length) > MOST) response.destroy(new Error('the answer has no end'));
        });
        response.once('error', fail).once('end', () => {
          const { statusCode: status = 0, statusMessage: reason = '', headers: answered } = response;
          if (answered.connection?.toLowerCase() === 'close') this.close();
          settle(() => resolve({ status, reason, headers: answered, body: Buffer.concat(chunks) }));
        });
      });
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      else request.end(body);
    });
  }

  /** Ends it. */
  close(): void {
    this.failure ??= new Error('it is closed');
    this.agent.destroy();
    this.socket.destroy();
  }
}

/** Gives out the one socket. */
class OneSocket extends http.Agent {
  constructor(private readonly socket: Duplex) {
    super({ keepAlive: true, maxSockets: 1 });
  }

  override createConnection(): Duplex {
    return this.socket;
  }
}
