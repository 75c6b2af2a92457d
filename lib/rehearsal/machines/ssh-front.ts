import * as net from 'node:net';
import type { Duplex } from 'node:stream';
import type { Connection, ParsedKey, PublicKeyAuthContext } from 'ssh2';
import { GoldsmithError } from '../../errors';
import { explainErrno } from '../../util/errno';
import { createKeyPair } from '../../communicators/ssh/key-pair';
import type { Computer } from './computer';
import { serveSession } from './ssh-session';

/** What stands behind an address: decided anew with each connection. */
export interface Door {
  /** Whether anything answers: the machine runs, and its network lets the port through. */
  isOpen(): boolean;
  /** Lines of authorized_keys of a user; undefined where there is no such user. */
  keysOf(user: string): readonly string[] | undefined;
  computer(): Promise<Computer>;
  /** As whom the commands of a login run. */
  runAs(user: string): string | undefined;
  /** Home of a login user. */
  homeOf(user: string): string;
}

/** An SSH server at an address, in front of a machine. */
export class SshFront {
  private readonly sockets = new Set<Duplex>();
  private hostKeys: readonly string[] = [];

  private constructor(
    readonly address: string,
    readonly port: number,
    private readonly server: net.Server,
    private readonly door: Door,
  ) {
    server.on('connection', (socket) => this.meet(socket));
  }

  /**
   * Listens at an address, on port 22 or, where that may not be bound, on any.
   *
   * @returns undefined where somebody else listens there
   */
  static async open(address: string, port: number, door: Door): Promise<SshFront | undefined> {
    const server = net.createServer({ pauseOnConnect: false });
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen({ host: address, port, exclusive: true }, () => resolve());
      });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE') return undefined;
      if (code === 'EACCES' && port !== 0) return SshFront.open(address, 0, door);
      throw explainErrno(error, `listening at ${address}:${port}`);
    }
    return new SshFront(address, (server.address() as net.AddressInfo).port, server, door);
  }

  /** The keys that it shows as its own; one is made where none is given. */
  identify(hostKeys: readonly string[]): void {
    const usable = hostKeys.filter((key) => parsed(key) !== undefined);
    this.hostKeys = usable.length > 0 ? usable : [createKeyPair('ed25519').privateKey];
  }

  /** Ends all connections: the machine is stopped. */
  hangUp(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Ends it. */
  async close(): Promise<void> {
    this.hangUp();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private meet(socket: net.Socket): void {
    socket.on('error', () => undefined);
    if (!this.door.isOpen() || this.hostKeys.length === 0) {
      socket.resetAndDestroy();
      return;
    }
    this.enter(socket);
  }

  /** Takes a connection, from wherever it comes. */
  enter(stream: Duplex): void {
    this.sockets.add(stream.once('close', () => this.sockets.delete(stream)));
    const { Server } = require('ssh2') as typeof import('ssh2');
    const server = new Server({ hostKeys: [...this.hostKeys], ident: 'OpenSSH_9.6' }, (client) => this.serve(client));
    server.on('error', () => undefined);
    server.injectSocket(stream as net.Socket);
  }

  private serve(client: Connection): void {
    let user = '';
    client.on('error', () => undefined);
    client.on('authentication', (auth) => {
      user = auth.username;
      const keys = this.door.keysOf(user) ?? [];
      if (auth.method === 'publickey' && mayEnter(auth, keys)) auth.accept();
      else auth.reject(['publickey']);
    });
    client.on('ready', () => {
      client.on('session', (accept) => serveSession(accept(), { door: this.door, user }));
    });
    client.on('tcpip', (accept, reject, { destIP, destPort }) => {
      const socket = net.connect(destPort, destIP);
      socket.once('error', () => reject());
      socket.once('connect', () => {
        const channel = accept();
        socket.off('error', reject).on('error', () => channel.destroy());
        socket.pipe(channel).pipe(socket);
        channel.on('error', () => socket.destroy());
      });
    });
  }
}

function mayEnter(auth: PublicKeyAuthContext, lines: readonly string[]): boolean {
  const { key, signature, blob, hashAlgo } = auth;
  const allowed = lines.map(parsed).find((one) => one?.getPublicSSH().equals(key.data));
  if (!allowed) return false;
  if (signature !== undefined) return allowed.verify(blob!, signature, hashAlgo) === true;
  // The client only asks whether the key would do. It is to be told so by the name that it gave (RFC 4252, 7), of which ssh2 1.17
  // answers `ssh-rsa` alone; Go's client then takes the answer for no.
  if (hashAlgo !== undefined) key.algo = hashAlgo === 'sha256' ? 'rsa-sha2-256' : 'rsa-sha2-512';
  return true;
}

/** A key as ssh2 has it; undefined where the text is none. */
export function parsed(text: string): ParsedKey | undefined {
  const { utils } = require('ssh2') as typeof import('ssh2');
  const key = utils.parseKey(text);
  if (key instanceof Error) return undefined;
  return Array.isArray(key) ? key[0] : key;
}

/** The error where no address is left. */
export function noAddress(): GoldsmithError {
  return new GoldsmithError('LAUNCH_FAILED', 'no address of 127.0.0.0/8 is free on this machine', {
    hint: 'end other rehearsals that run here',
  });
}
