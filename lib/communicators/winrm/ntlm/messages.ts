import { randomBytes } from 'node:crypto';
import { md4 } from './md4';
import { Rc4 } from './rc4';
import { hmacMd5 } from './seal';

/** MS-NLMP 2.2.2.5. */
export const FLAGS = {
  unicode: 0x1,
  requestTarget: 0x4,
  sign: 0x10,
  seal: 0x20,
  ntlm: 0x200,
  alwaysSign: 0x8000,
  extendedSecurity: 0x80000,
  targetInfo: 0x800000,
  version: 0x2000000,
  strong: 0x20000000,
  keyExchange: 0x40000000,
  weak: 0x80000000,
} as const;

const OURS = Object.values(FLAGS).reduce((all, flag) => (all | flag) >>> 0, 0);
const SIGNATURE = Buffer.from('NTLMSSP\0');
/** Version 10.0, revision 15 of the protocol (MS-NLMP 2.2.2.10); for people who debug only. */
const VERSION = Buffer.from([10, 0, 0, 0, 0, 0, 0, 15]);

/** Attributes of a target (MS-NLMP 2.2.2.1). */
export const AV = { end: 0, flags: 6, timestamp: 7, targetName: 9, channelBindings: 10 } as const;

/** Who logs in. */
export interface NtlmLogin {
  readonly username: string;
  readonly password: string;
}

/** The first message: what we can do. */
export function negotiateMessage(): Buffer {
  const head = Buffer.alloc(32);
  SIGNATURE.copy(head);
  head.writeUInt32LE(1, 8);
  head.writeUInt32LE(OURS, 12);
  return Buffer.concat([head, VERSION]);
}

/** A server's challenge. */
export interface Challenge {
  readonly flags: number;
  readonly nonce: Buffer;
  readonly target: ReadonlyMap<number, Buffer>;
}

/** Reads the second message. */
export function readChallenge(message: Buffer): Challenge {
  if (message.length < 48 || !message.subarray(0, 8).equals(SIGNATURE) || message.readUInt32LE(8) !== 2)
    throw new Error('what came is no NTLM challenge');
  const flags = message.readUInt32LE(20);
  const needed = FLAGS.unicode | FLAGS.extendedSecurity | FLAGS.strong;
  if ((flags & needed) >>> 0 !== needed >>> 0)
    throw new Error('the machine wants an NTLM that is too weak: Unicode, extended security and 128 bits are needed');
  const length = message.readUInt16LE(40);
  const offset = message.readUInt32LE(44);
  return { flags, nonce: message.subarray(24, 32), target: readPairs(message.subarray(offset, offset + length)) };
}

/** Reads a list of attributes. */
export function readPairs(bytes: Buffer): Map<number, Buffer> {
  const pairs = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length;) {
    const id = bytes.readUInt16LE(at);
    const end = at + 4 + bytes.readUInt16LE(at + 2);
    if (id === AV.end) break;
    pairs.set(id, bytes.subarray(at + 4, end));
    at = end;
  }
  return pairs;
}

/** Writes a list of attributes. */
export function writePairs(pairs: ReadonlyMap<number, Buffer>): Buffer {
  const all = [...pairs, [AV.end, Buffer.alloc(0)] as const].map(([id, value]) => {
    const head = Buffer.alloc(4);
    head.writeUInt16LE(id, 0);
    head.writeUInt16LE(value.length, 2);
    return Buffer.concat([head, value]);
  });
  return Buffer.concat(all);
}

/** What the answer to a challenge is made with. */
export interface AnswerOptions {
  readonly login: NtlmLogin;
  readonly negotiate: Buffer;
  readonly challenge: Buffer;
  /** Name of the service, such as `HTTP/host`. */
  readonly service: string;
  /** MD5 of what the TLS connection is bound to. */
  readonly channelBindings?: Buffer | undefined;
  /** Of the vendor's test vectors; random otherwise. */
  readonly random?: ((length: number) => Buffer) | undefined;
  /** Milliseconds since the epoch, where the machine told no time. */
  readonly now: number;
}

/** The third message, and the key of the session. */
export function authenticateMessage(options: AnswerOptions): { readonly message: Buffer; readonly sessionKey: Buffer } {
  const { login, negotiate, challenge, service, channelBindings, random = randomBytes, now } = options;
  const { flags: theirs, nonce, target } = readChallenge(challenge);
  const { user, domain } = nameOf(login.username);
  const responseKey = responseKeyOf(user, domain, login.password);

  const pairs = new Map(target);
  const timestamp = target.get(AV.timestamp);
  pairs.set(AV.flags, Buffer.from([(target.get(AV.flags)?.[0] ?? 0) | 2, 0, 0, 0]));
  pairs.set(AV.targetName, utf16(service));
  if (channelBindings) pairs.set(AV.channelBindings, channelBindings);
  const clientNonce = random(8);
  const blob = clientBlob(timestamp ?? fileTime(now), clientNonce, writePairs(pairs));
  const proof = hmacMd5(responseKey, nonce, blob);
  const baseKey = hmacMd5(responseKey, proof);
  const flags = (theirs & OURS) >>> 0;
  const exchanged = (flags & FLAGS.keyExchange) !== 0;
  const sessionKey = exchanged ? random(16) : baseKey;
  // With a time in the challenge the older response is left out (MS-NLMP 3.1.5.1.2).
  const old = timestamp ? Buffer.alloc(24) : Buffer.concat([hmacMd5(responseKey, nonce, clientNonce), clientNonce]);

  const parts = [
    old,
    Buffer.concat([proof, blob]),
    utf16(domain),
    utf16(user),
    Buffer.alloc(0),
    exchanged ? new Rc4(baseKey).update(sessionKey) : Buffer.alloc(0),
  ];
  const message = assemble(parts, flags);
  const check = hmacMd5(sessionKey, negotiate, challenge, message);
  check.copy(message, MIC_AT);
  return { message, sessionKey };
}

const MIC_AT = 72;
const PAYLOAD_AT = 88;

function assemble(parts: readonly Buffer[], flags: number): Buffer {
  const head = Buffer.alloc(PAYLOAD_AT);
  SIGNATURE.copy(head);
  head.writeUInt32LE(3, 8);
  let offset = PAYLOAD_AT;
  parts.forEach((part, index) => {
    const at = 12 + index * 8;
    head.writeUInt16LE(part.length, at);
    head.writeUInt16LE(part.length, at + 2);
    head.writeUInt32LE(offset, at + 4);
    offset += part.length;
  });
  head.writeUInt32LE(flags, 60);
  VERSION.copy(head, 64);
  return Buffer.concat([head, ...parts]);
}

/** NTOWFv2 (MS-NLMP 3.3.2). */
export function responseKeyOf(user: string, domain: string, password: string): Buffer {
  return hmacMd5(md4(utf16(password)), utf16(user.toUpperCase() + domain));
}

/** MS-NLMP 2.2.2.7. */
function clientBlob(time: Buffer, nonce: Buffer, pairs: Buffer): Buffer {
  return Buffer.concat([Buffer.from([1, 1, 0, 0, 0, 0, 0, 0]), time, nonce, Buffer.alloc(4), pairs, Buffer.alloc(4)]);
}

/** `DOMAIN\user`, `user@domain`, which stays whole, or `user`. */
function nameOf(username: string): { readonly user: string; readonly domain: string } {
  const at = username.indexOf('\\');
  return at < 0 ? { user: username, domain: '' } : { user: username.slice(at + 1), domain: username.slice(0, at) };
}

/** Units of 100 ns since 1601. */
export function fileTime(now: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE((BigInt(Math.floor(now)) + 11_644_473_600_000n) * 10_000n);
  return bytes;
}

/** As Windows writes text. */
export function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le');
}
