import * as fs from 'node:fs';
import * as net from 'node:net';
import { Server, type KeyboardAuthContext } from 'ssh2';
import type { Running } from './proxies';

/** A server that lets nobody in but by keyboard-interactive, and there does what the test says. */
export async function keyboardServer(hostKey: string, ask: (auth: KeyboardAuthContext) => void): Promise<Running> {
  const server = new Server({ hostKeys: [fs.readFileSync(hostKey)] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (auth) => {
      if (auth.method === 'keyboard-interactive') ask(auth);
      else auth.reject(['keyboard-interactive']);
    });
  });
  const sockets = new Set<net.Socket>();
  const front = net.createServer((socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)));
    server.injectSocket(socket);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', () => resolve()));
  return {
    port: (front.address() as net.AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        front.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
