import { createHash } from 'node:crypto';

/** A key pair in OpenSSH's formats. */
export interface KeyPair {
  readonly privateKey: string;
  /** A line for authorized_keys. */
  readonly publicKey: string;
  /** As `ssh-keygen -lf` prints it: `SHA256:…`. */
  readonly fingerprint: string;
}

/** Packer's, and what ssh-keygen(1) allows at most for ECDSA. */
const DEFAULT_BITS = { rsa: 4096, ecdsa: 521, ed25519: undefined } as const;

/** Makes a key pair. RSA takes a second or more. */
export function createKeyPair(type: 'ed25519' | 'rsa' | 'ecdsa' = 'ed25519', bits?: number): KeyPair {
  const { utils } = require('ssh2') as typeof import('ssh2');
  const comment = 'goldsmith';
  const size = bits ?? DEFAULT_BITS[type];
  const pair =
    type === 'ed25519'
      ? utils.generateKeyPairSync('ed25519', { comment })
      : type === 'rsa'
        ? utils.generateKeyPairSync('rsa', { comment, bits: size! })
        : utils.generateKeyPairSync('ecdsa', { comment, bits: size as 256 | 384 | 521 });
  return {
    privateKey: pair.private,
    publicKey: pair.public,
    fingerprint: fingerprintOf(Buffer.from(pair.public.split(' ')[1]!, 'base64')),
  };
}

/** The fingerprint of a public key's bytes (RFC 4253, 6.6), as OpenSSH shows it. */
export function fingerprintOf(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** The type that a public key's bytes begin with, such as `ssh-ed25519`. */
export function typeOf(blob: Buffer): string {
  if (blob.length < 4) return '';
  return blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1');
}
