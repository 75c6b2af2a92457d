import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Rc4 } from './rc4';

/** HMAC by MD5. */
export function hmacMd5(key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  const hmac = createHmac('md5', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** Which way messages go. */
export type Direction = 'client-to-server' | 'server-to-client';

/** One direction of a session: signs and seals messages, in their order (MS-NLMP 3.4, extended session security). */
export class Sealer {
  private readonly signKey: Buffer;
  private readonly cipher: Rc4;
  private count = 0;

  constructor(
    sessionKey: Uint8Array,
    direction: Direction,
    /** Whether the session key was exchanged; then signatures are sealed, too. */
    private readonly exchanged = true,
  ) {
    // MS-NLMP 3.4.5.2 and 3.4.5.3.
    const derive = (what: string): Buffer =>
      createHash('md5').update(sessionKey).update(`session key to ${direction} ${what} key magic constant\0`).digest();
    this.signKey = derive('signing');
    this.cipher = new Rc4(derive('sealing'));
  }

  /** The signature, and the message as nobody can read it. */
  seal(message: Uint8Array): { readonly signature: Buffer; readonly sealed: Buffer } {
    const sealed = this.cipher.update(message);
    return { signature: this.sign(message), sealed };
  }

  /** @throws Error where the signature is not of this message */
  unseal(signature: Uint8Array, sealed: Uint8Array): Buffer {
    const message = this.cipher.update(sealed);
    const expected = this.sign(message);
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected))
      throw new Error('a message has a wrong signature');
    return message;
  }

  /** MS-NLMP 3.4.4.2: version, checksum, sequence number. */
  private sign(message: Uint8Array): Buffer {
    const number = Buffer.alloc(4);
    number.writeUInt32LE(this.count);
    this.count += 1;
    const checksum = hmacMd5(this.signKey, number, message).subarray(0, 8);
    return Buffer.concat([Buffer.from([1, 0, 0, 0]), this.exchanged ? this.cipher.update(checksum) : checksum, number]);
  }
}
