import type { WebSocket } from 'ws';

/** How a web socket is opened. */
export interface WebSocketOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Takes any certificate of the server. */
  readonly insecure?: boolean;
}

/** Milliseconds until a server must have taken it. */
const OPENS = 10_000;

/** Opens a web socket. */
export function openWebSocket(url: string, { headers = {}, insecure = false }: WebSocketOptions): Promise<WebSocket> {
  const { WebSocket: Socket } = require('ws') as typeof import('ws');
  const socket = new Socket(url, {
    headers: { ...headers },
    handshakeTimeout: OPENS,
    perMessageDeflate: false,
    rejectUnauthorized: !insecure,
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('open', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
