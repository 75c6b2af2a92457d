import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import type { RunContext } from '../../extension/context';
import { withinPatience } from './deadline';
import { inWords, SshFailure, type Phase } from './failure';
import { handshake } from './handshake';
import { hostKeyCheck } from './host-key';
import { connectByProxy } from './proxy';
import type { Hop, Settings } from './settings';
import { connectTcp, type Address } from './sockets';
import type { Dialed } from './target';

/** One connection, through all hops. */
export interface Link {
  readonly client: Client;
  readonly address: Address;
  /** Why it ended; undefined as long as it holds. */
  readonly lost: () => Error | undefined;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Told how far a try came. */
export type OnPhase = (phase: Phase, address: Address) => void;

/** Makes one try to connect. `patience` is how long a single phase may take, in milliseconds. */
export async function openLink(
  settings: Settings,
  ctx: RunContext,
  { signal, patience, onPhase }: { readonly signal: AbortSignal; readonly patience: number; readonly onPhase: OnPhase },
): Promise<Link> {
  const clients: Client[] = [];
  let stream: Duplex | undefined;
  let socket: Dialed | undefined;
  const close = (): void => {
    for (const client of [...clients].reverse()) client.end();
    // A connection that is cut in two gets no answer to its goodbye.
    socket?.destroySoon();
  };
  let address: Address = { host: settings.target.host, port: settings.target.port ?? 22 };
  try {
    for (const [index, hop] of settings.hops.entries()) {
      onPhase('address', address);
      address = await hop.address();
      onPhase('TCP', address);
      const before = clients[index - 1];
      const to = address;
      if (before) {
        stream = await withinPatience(ctx.clock, signal, patience, 'TCP', () => forward(before, to));
      } else {
        const { proxy, dial } = settings.target;
        stream = socket = await withinPatience<Dialed>(ctx.clock, signal, patience, 'TCP', (inTime) =>
          dial ? dial(inTime) : proxy ? connectByProxy(proxy, to, inTime) : connectTcp(to, inTime),
        );
        if (settings.readWriteTimeout > 0) giveUpWhenSilent(socket, settings.readWriteTimeout);
      }
      clients.push(await login(stream, hop, to, settings, ctx, { signal, patience, onPhase }));
    }
  } catch (error) {
    close();
    stream?.destroy();
    signal.throwIfAborted();
    throw error;
  }
  return linkOf(clients, address, close);
}

/** The machine proves itself and lets us in. */
async function login(
  stream: Duplex,
  hop: Hop,
  address: Address,
  settings: Settings,
  ctx: RunContext,
  { signal, patience, onPhase }: { readonly signal: AbortSignal; readonly patience: number; readonly onPhase: OnPhase },
): Promise<Client> {
  const { ciphers, keyExchangeAlgorithms, knownHostsFile } = settings.target;
  const { username, offers, hostKey, pinned, agent } = hop;
  const check = await hostKeyCheck({ ...address, policy: hostKey, pinned, knownHostsFile }, ctx);
  let phase: Phase = 'banner';
  const offered: string[] = [];
  const options = {
    username,
    offers,
    offered,
    hostKey: check,
    agent,
    ciphers,
    kex: keyExchangeAlgorithms,
    keepAlive: settings.keepAlive,
    onPhase: (next: Phase) => onPhase((phase = next), address),
  };
  return withinPatience(
    ctx.clock,
    signal,
    patience,
    () => ({ phase, offered }),
    (inTime) => handshake(stream, options, inTime),
  );
}

function linkOf(clients: readonly Client[], address: Address, close: () => void): Link {
  const client = clients[clients.length - 1]!;
  let lost: Error | undefined;
  let failure: Error | undefined;
  const ended = new Promise<void>((resolve) => {
    client.once('close', () => {
      lost = failure ?? new Error('the machine ended it');
      close();
      resolve();
    });
  });
  for (const one of clients) one.on('error', (error) => (failure ??= new Error(inWords(error))));
  return { client, address, lost: () => lost, ended, close };
}

function forward(client: Client, { host, port }: Address): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
      if (error)
        reject(new SshFailure('TCP', `the bastion cannot reach ${host}:${port}: ${inWords(error)}`, { cause: error }));
      else resolve(channel);
    });
  });
}

function giveUpWhenSilent(socket: Dialed, timeout: number): void {
  socket.setTimeout(timeout, () =>
    socket.destroy(new Error(`nothing came for ${timeout / 1000} s (\`readWriteTimeout\`)`)),
  );
}
