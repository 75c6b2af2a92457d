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
      ? wholeEd25519(() => utils.generateKeyPairSync('ed25519', { comment }))
      : type === 'rsa'
        ? utils.generateKeyPairSync('rsa', { comment, bits: size! })
        : utils.generateKeyPairSync('ecdsa', { comment, bits: size as 256 | 384 | 521 });
  return { privateKey: pair.private, publicKey: pair.public, fingerprint: fingerprintOf(blobOf(pair.public)) };
}

/** Bytes of a public key of Ed25519: two lengths, the name of the type, and the key's 32 bytes (RFC 8709, 4). */
const ED25519_BLOB = 4 + 'ssh-ed25519'.length + 4 + 32;

/**
 * Makes pairs until one is whole. ssh2 1.17 leaves out the zeros that a public key begins with, and one in 256 begins with
 * one: OpenSSH cannot read such a pair.
 */
function wholeEd25519<P extends { readonly public: string }>(make: () => P): P {
  for (;;) {
    const pair = make();
    if (blobOf(pair.public).length === ED25519_BLOB) return pair;
  }
}

function blobOf(line: string): Buffer {
  return Buffer.from(line.split(' ')[1]!, 'base64');
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
