import type { Client, ParsedKey } from 'ssh2';
import { GoldsmithError } from '../../errors';
import { typeOf } from './key-pair';

const SUFFIX = '-cert-v01@openssh.com';

/**
 * A private key that shows a certificate in place of its public key (OpenSSH, PROTOCOL.certkeys). ssh2 knows no user
 * certificates; it takes anything that looks like one of its keys.
 *
 * @param line the certificate's file: type, base64 and comment
 */
export function certified(key: ParsedKey, line: string, name: string): ParsedKey {
  const blob = Buffer.from(line.trim().split(/\s+/)[1] ?? '', 'base64');
  const type = typeOf(blob);
  if (!type.endsWith(SUFFIX)) {
    throw new GoldsmithError('INVALID_PROPS', `\`certificateFile\` names ${name}, which is no certificate of OpenSSH`, {
      hint: 'make one with `ssh-keygen -s AUTHORITY -I ID -n USER KEY.pub`, and name the file that ends with -cert.pub',
    });
  }
  const plain = type.slice(0, -SUFFIX.length);
  if (plain !== key.type) {
    throw new GoldsmithError(
      'INVALID_PROPS',
      `\`certificateFile\` is for a key of type ${plain}, but \`privateKeyFile\` is ${key.type}`,
      { hint: 'give the key that the certificate was made for' },
    );
  }
  // RFC 8332: RSA signatures with SHA-1 are refused by servers of today.
  const isRsa = plain === 'ssh-rsa';
  return Object.create(key, {
    type: { value: isRsa ? `rsa-sha2-512${SUFFIX}` : type, enumerable: true },
    getPublicSSH: { value: () => blob },
    sign: {
      value: (data: Buffer | string) => {
        const signature = isRsa ? key.sign(data, 'sha512') : key.sign(data);
        return plain.startsWith('ecdsa-') ? fromDer(signature) : signature;
      },
    },
  }) as ParsedKey;
}

/** ECDSA-Sig-Value (RFC 3279, 2.2.3) to the two numbers of RFC 5656, 3.1.2. */
function fromDer(der: Buffer): Buffer {
  let at = der[1]! & 0x80 ? 2 + (der[1]! & 0x7f) : 2;
  const parts: Buffer[] = [];
  for (let i = 0; i < 2; i += 1) {
    const length = der[at + 1]!;
    const size = Buffer.alloc(4);
    size.writeUInt32BE(length);
    parts.push(size, der.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return Buffer.concat(parts);
}

interface PacketWriter {
  readonly allocStart: number;
  alloc(size: number): Buffer;
  finalize(packet: Buffer): Buffer;
}

/**
 * Names the signature of a certificate's key by the key's own type, as servers want it; ssh2 repeats the certificate's.
 * It looks at each packet of the login, and changes only one that ends with such a signature.
 */
export function signCertificatesRightly(client: Client): void {
  const { _protocol: protocol } = client as unknown as { _protocol?: { _packetRW?: { write?: PacketWriter } } };
  const writer = protocol?._packetRW?.write;
  if (!writer) return;
  const finalize = writer.finalize.bind(writer);
  writer.finalize = (packet) => {
    const payload = renamed(packet.subarray(writer.allocStart, packet.length - packet[4]!));
    if (payload === undefined) return finalize(packet);
    const copy = writer.alloc(payload.length);
    copy.set(payload, writer.allocStart);
    return finalize(copy);
  };
  client.once('ready', () => (writer.finalize = finalize));
}

/** SSH_MSG_USERAUTH_REQUEST, RFC 4252, 7. */
const USERAUTH_REQUEST = 50;

function renamed(payload: Buffer): Buffer | undefined {
  if (payload[0] !== USERAUTH_REQUEST) return undefined;
  const fields = new Fields(payload, 1);
  for (let skip = 0; skip < 2; skip += 1) fields.next();
  if (fields.next().toString() !== 'publickey') return undefined;
  const signed = fields.byte() === 1;
  const algorithm = fields.next().toString();
  if (!signed || !algorithm.endsWith(SUFFIX)) return undefined;
  fields.next();
  const head = payload.subarray(0, fields.at);
  const signature = new Fields(fields.next(), 0);
  signature.next();
  const body = [sized(Buffer.from(algorithm.slice(0, -SUFFIX.length))), sized(signature.next())];
  return Buffer.concat([head, sized(Buffer.concat(body))]);
}

class Fields {
  constructor(
    private readonly data: Buffer,
    public at: number,
  ) {}

  byte(): number {
    return this.data[this.at++]!;
  }

  next(): Buffer {
    const length = this.data.readUInt32BE(this.at);
    this.at += 4 + length;
    return this.data.subarray(this.at - length, this.at);
  }
}

function sized(data: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(data.length);
  return Buffer.concat([size, data]);
}
