import * as net from 'node:net';

/** A link of the test's own in front of a port of this machine. */
export interface SlowLink {
  readonly port: number;
  /** From now on nothing that the machine says comes through. */
  hold(): void;
  /** What was held back comes, and what follows it. */
  release(): void;
  stop(): void;
}

/** A link whose round trip takes so many milliseconds: both ways wait for half of it. */
export async function slowLink(to: number, roundTrip: number): Promise<SlowLink> {
  let held: (() => void)[] | undefined;
  const pass = (action: () => void): void => void (held ? held.push(action) : action());
  const delayed = (from: net.Socket, into: net.Socket, gate: (action: () => void) => void): void => {
    const later = (action: () => void): void => void setTimeout(() => gate(action), roundTrip / 2);
    from.on('data', (data: Buffer) => later(() => into.write(data)));
    from.on('end', () => later(() => into.end()));
    from.on('error', () => into.destroy());
  };
  const sockets = new Set<net.Socket>();
  const server = net.createServer((near) => {
    const far = net.connect({ port: to, host: '127.0.0.1', noDelay: true });
    for (const socket of [near, far]) sockets.add(socket.once('close', () => sockets.delete(socket)));
    near.setNoDelay(true);
    delayed(near, far, (action) => action());
    delayed(far, near, pass);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return {
    port: (server.address() as net.AddressInfo).port,
    hold: () => void (held ??= []),
    release: () => {
      const waiting = held ?? [];
      held = undefined;
      for (const action of waiting) action();
    },
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
