import { createHash, randomUUID } from 'node:crypto';

/** Types of messages: `src/message/clientmessage.go` of github.com/aws/session-manager-plugin. */
export type MessageType =
  | 'input_stream_data'
  | 'output_stream_data'
  | 'acknowledge'
  | 'channel_closed'
  | 'start_publication'
  | 'pause_publication';

/** What the payload of stream data is. */
export const PAYLOAD = {
  data: 1,
  handshakeRequest: 5,
  handshakeResponse: 6,
  handshakeComplete: 7,
  flag: 10,
} as const;

/** Values of a payload that is a flag. */
export const FLAG = { disconnectFromPort: 1, terminateSession: 2, cannotConnectToPort: 3 } as const;

/** A message between a client and an agent. */
export interface AgentMessage {
  readonly type: string;
  readonly sequence: number;
  /** 1 for the first of a stream, 2 for the last; both for one that stands alone. */
  readonly flags: number;
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly payloadType: number;
  readonly payload: Buffer;
}

// Where each field begins.
const TYPE = 4;
const SCHEMA = 36;
const CREATED = 40;
const SEQUENCE = 48;
const FLAGS = 56;
const ID = 64;
const DIGEST = 80;
const PAYLOAD_TYPE = 112;
const LENGTH = 116;
const START = 120;

/** What makes a message: what is left out is none, and the id a new one. */
export interface Draft {
  readonly type: MessageType;
  readonly createdAt: number;
  readonly sequence?: number;
  readonly flags?: number;
  readonly id?: string;
  readonly payloadType?: number;
  readonly payload?: Buffer;
}

/** A message as it goes over the wire. */
export function encodeMessage(draft: Draft): Buffer {
  const { type, createdAt, sequence = 0, flags = 0, id = randomUUID(), payloadType = 0 } = draft;
  const { payload = Buffer.alloc(0) } = draft;
  const bytes = Buffer.alloc(START + payload.length);
  bytes.writeUInt32BE(LENGTH, 0);
  bytes.fill(' ', TYPE, SCHEMA).write(type, TYPE, 'latin1');
  bytes.writeUInt32BE(1, SCHEMA);
  bytes.writeBigUInt64BE(BigInt(createdAt), CREATED);
  bytes.writeBigInt64BE(BigInt(sequence), SEQUENCE);
  bytes.writeBigUInt64BE(BigInt(flags), FLAGS);
  // The two halves of the id change places.
  const uuid = Buffer.from(id.replaceAll('-', ''), 'hex');
  uuid.copy(bytes, ID, 8, 16);
  uuid.copy(bytes, ID + 8, 0, 8);
  createHash('sha256').update(payload).digest().copy(bytes, DIGEST);
  bytes.writeUInt32BE(payloadType, PAYLOAD_TYPE);
  bytes.writeUInt32BE(payload.length, LENGTH);
  payload.copy(bytes, START);
  return bytes;
}

/**
 * Reads a message.
 *
 * @throws Error where it is none, or its payload is not the one that was sent
 */
export function decodeMessage(bytes: Buffer): AgentMessage {
  if (bytes.length < START) throw new Error(`a message of the agent has ${bytes.length} bytes, and needs ${START}`);
  // Later headers may be longer: their length says where they end.
  const header = bytes.readUInt32BE(0);
  const payload = bytes.subarray(header + 4);
  const type = bytes.toString('latin1', TYPE, SCHEMA).replace(/[\0 ]+$/, '');
  if (header < LENGTH || header + 4 > bytes.length || bytes.readUInt32BE(header) !== payload.length) {
    throw new Error(`a message of the agent (${type}) is not as long as it says`);
  }
  const digest = createHash('sha256').update(payload).digest();
  // Those that only say to pause and to start have none.
  if (payload.length > 0 && !/_publication$/.test(type) && !digest.equals(bytes.subarray(DIGEST, PAYLOAD_TYPE))) {
    throw new Error(`a message of the agent (${type}) was damaged on its way`);
  }
  const hex = bytes.toString('hex', ID + 8, ID + 16) + bytes.toString('hex', ID, ID + 8);
  return {
    type,
    sequence: Number(bytes.readBigInt64BE(SEQUENCE)),
    flags: Number(bytes.readBigUInt64BE(FLAGS)),
    id: hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    createdAt: Number(bytes.readBigUInt64BE(CREATED)),
    payloadType: bytes.readUInt32BE(PAYLOAD_TYPE),
    payload,
  };
}

/** That a message came. */
export function acknowledgement({ type, id, sequence }: AgentMessage, createdAt: number): Buffer {
  const content = {
    AcknowledgedMessageType: type,
    AcknowledgedMessageId: id,
    AcknowledgedMessageSequenceNumber: sequence,
    IsSequentialMessage: true,
  };
  return encodeMessage({ type: 'acknowledge', createdAt, flags: 3, payload: Buffer.from(JSON.stringify(content)) });
}

/** A flag, as a payload. */
export function flagPayload(flag: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(flag);
  return payload;
}
