import type { Sealer } from './ntlm/seal';

/** MS-WSMV 2.2.9.1: how messages that are sealed go over HTTP. The boundary is always this. */
const BOUNDARY = '--Encrypted Boundary';
const PROTOCOL = 'application/HTTP-SPNEGO-session-encrypted';

/** Header `Content-Type` of what {@link sealMessage} makes. */
export const SEALED_TYPE = `multipart/encrypted;protocol="${PROTOCOL}";boundary="Encrypted Boundary"`;
/** Header `Content-Type` of an envelope that everybody can read. */
export const PLAIN_TYPE = 'application/soap+xml;charset=UTF-8';

/** A message that only the other side can read. */
export function sealMessage(sealer: Sealer, message: Uint8Array): Buffer {
  const { signature, sealed } = sealer.seal(message);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(signature.length);
  const head =
    `${BOUNDARY}\r\n\tContent-Type: ${PROTOCOL}\r\n` +
    `\tOriginalContent: type=${PLAIN_TYPE};Length=${message.length}\r\n` +
    `${BOUNDARY}\r\n\tContent-Type: application/octet-stream\r\n`;
  return Buffer.concat([Buffer.from(head), length, signature, sealed, Buffer.from(`${BOUNDARY}--\r\n`)]);
}

/** Reads what {@link sealMessage} wrote. @throws Error where it is no such message, or was changed on the way */
export function unsealMessage(sealer: Sealer, body: Buffer): Buffer {
  const mark = Buffer.from('application/octet-stream\r\n');
  const start = body.indexOf(mark);
  const end = body.lastIndexOf(`${BOUNDARY}--`);
  const said = /Length=(\d+)/.exec(body.subarray(0, Math.max(start, 0)).toString('latin1'))?.[1];
  if (start < 0 || end < start || said === undefined) throw new Error('what came is no sealed message');
  const payload = body.subarray(start + mark.length, end);
  const length = payload.readUInt32LE(0);
  const message = sealer.unseal(payload.subarray(4, 4 + length), payload.subarray(4 + length));
  if (message.length !== Number(said)) throw new Error('a sealed message does not have the length that it says');
  return message;
}
