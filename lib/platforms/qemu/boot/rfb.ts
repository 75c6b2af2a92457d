import { createCipheriv } from 'node:crypto';
import * as net from 'node:net';
import { GoldsmithError } from '../../../errors';

/** Where a VNC server listens. */
export type VncAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/** A connection to a VNC server that only types (RFC 6143). */
export class Keyboard {
  /** Connects, and proves to know the password where one is asked for. */
  static async connect(address: VncAddress, password: string | undefined): Promise<Keyboard> {
    const socket = net.connect(address);
    const reader = new Reader(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    try {
      await greet(socket, reader, password);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    // What the server says from now on is of no interest.
    reader.end();
    return new Keyboard(socket);
  }

  private constructor(private readonly socket: net.Socket) {}

  /** Presses a key down, or lets it go. */
  async key(keysym: number, down: boolean): Promise<void> {
    const bytes = Buffer.alloc(8);
    bytes[0] = 4;
    bytes[1] = down ? 1 : 0;
    bytes.writeUInt32BE(keysym, 4);
    await new Promise<void>((resolve, reject) => {
      this.socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  close(): void {
    this.socket.destroy();
  }
}

async function greet(socket: net.Socket, reader: Reader, password: string | undefined): Promise<void> {
  const version = (await reader.take(12)).toString('latin1');
  if (!version.startsWith('RFB ')) throw refused('it does not speak VNC');
  socket.write('RFB 003.008\n');
  const count = (await reader.take(1))[0]!;
  if (count === 0) throw refused(await reader.text());
  const kinds = [...(await reader.take(count))];
  if (kinds.includes(1)) {
    socket.write(Buffer.from([1]));
  } else if (kinds.includes(2)) {
    socket.write(Buffer.from([2]));
    socket.write(answerTo(await reader.take(16), password ?? ''));
  } else throw refused(`it wants a way to log in that is not known here (${kinds.join(', ')})`);
  if ((await reader.take(4)).readUInt32BE() !== 0) throw refused(await reader.text());
  // Others may look on.
  socket.write(Buffer.from([1]));
  const head = await reader.take(24);
  await reader.take(head.readUInt32BE(20));
}

/** The password is a DES key with the bits of each byte the other way round (7.2.2). Three equal keys make DES of triple DES. */
export function answerTo(challenge: Buffer, password: string): Buffer {
  const key = Buffer.alloc(8);
  Buffer.from(password, 'latin1').copy(key, 0, 0, 8);
  for (let index = 0; index < 8; index += 1) key[index] = reversed(key[index]!);
  const cipher = createCipheriv('des-ede3-ecb', Buffer.concat([key, key, key]), null).setAutoPadding(false);
  return Buffer.concat([cipher.update(challenge), cipher.final()]);
}

function reversed(byte: number): number {
  let result = 0;
  for (let bit = 0; bit < 8; bit += 1) if (byte & (1 << bit)) result |= 0x80 >> bit;
  return result;
}

function refused(why: string): GoldsmithError {
  return new GoldsmithError('CONNECT_FAILED', `the screen of the virtual machine cannot be reached by VNC: ${why}`);
}

/** Takes bytes off a stream in the pieces that are wanted. */
class Reader {
  private have: Buffer = Buffer.alloc(0);
  private wanted: { readonly size: number; resolve(bytes: Buffer): void; reject(error: Error): void } | undefined;
  private over = false;

  constructor(private readonly socket: net.Socket) {
    socket.on('data', (part: Buffer) => {
      if (this.over) return;
      this.have = Buffer.concat([this.have, part]);
      this.serve();
    });
    socket.on('error', () => undefined);
    socket.once('close', () => this.wanted?.reject(refused('the server ended the connection')));
  }

  take(size: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) reject(refused('the server ended the connection'));
      this.wanted = { size, resolve, reject };
      this.serve();
    });
  }

  /** A text with its length before it. */
  async text(): Promise<string> {
    const length = (await this.take(4)).readUInt32BE();
    return (await this.take(length)).toString('utf8');
  }

  end(): void {
    this.over = true;
    this.have = Buffer.alloc(0);
  }

  private serve(): void {
    const { wanted } = this;
    if (!wanted || this.have.length < wanted.size) return;
    this.wanted = undefined;
    const bytes = this.have.subarray(0, wanted.size);
    this.have = this.have.subarray(wanted.size);
    wanted.resolve(bytes);
  }
}
