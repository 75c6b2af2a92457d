import {
  acknowledgement,
  decodeMessage,
  encodeMessage,
  PAYLOAD,
} from '../../../lib/communicators/session-manager/message';

/** Messages as AWS's own session-manager-plugin 1.3.0.0 sent them. */
const ANSWER = Buffer.from(
  '00000074696e7075745f73747265616d5f6461746120202020202020202020202020202000000001000001a2045d02a900000000000000000000000000000000ac658956e58997e35facb671bc3a461e9890385f4adaf1e9e504b603531f49d7af23d21d95dbcb791c1c8588cad78d1300000006000000917b22436c69656e7456657273696f6e223a22312e332e302e30222c2250726f636573736564436c69656e74416374696f6e73223a5b7b22416374696f6e54797065223a2253657373696f6e54797065222c22416374696f6e537461747573223a312c22416374696f6e526573756c74223a6e756c6c2c224572726f72223a22227d5d2c224572726f7273223a6e756c6c7d',
  'hex',
);
const ACKNOWLEDGED = Buffer.from(
  '0000007461636b6e6f776c6564676520202020202020202020202020202020202020202000000001000001a2045d02a900000000000000000000000000000003a39e2ac1b9e07672566ace51dfd942e28e1f89b91afed8cc222caf43fc8a400605c82c1b120ac9af3cd32d5eb78aef9600000000000000b07b2241636b6e6f776c65646765644d65737361676554797065223a226f75747075745f73747265616d5f64617461222c2241636b6e6f776c65646765644d6573736167654964223a2232336465353131612d353232612d343362622d623634352d333434343235396230333732222c2241636b6e6f776c65646765644d65737361676553657175656e63654e756d626572223a302c22497353657175656e7469616c4d657373616765223a747275657d',
  'hex',
);

test("a message of AWS's plugin is read, and written as the same bytes", () => {
  const read = decodeMessage(ANSWER);
  expect(read).toMatchObject({
    type: 'input_stream_data',
    sequence: 0,
    flags: 0,
    id: '5facb671-bc3a-461e-ac65-8956e58997e3',
    createdAt: 1795369534121,
    payloadType: PAYLOAD.handshakeResponse,
  });
  expect(JSON.parse(read.payload.toString())).toMatchObject({ ClientVersion: '1.3.0.0' });
  expect(encodeMessage({ ...read, type: 'input_stream_data' }).equals(ANSWER)).toBe(true);
});

test("an acknowledgement has the same bytes as that of AWS's plugin, but for its id", () => {
  const read = decodeMessage(ACKNOWLEDGED);
  const content = JSON.parse(read.payload.toString()) as { readonly AcknowledgedMessageId: string };
  const of = { ...read, type: 'output_stream_data', id: content.AcknowledgedMessageId, sequence: 0 };
  const ours = decodeMessage(acknowledgement(of, read.createdAt));
  expect({ ...ours, id: read.id }).toEqual(read);
});

test.each<[string, Buffer, string]>([
  ['that was damaged', Buffer.concat([ANSWER.subarray(0, -1), Buffer.from('!')]), 'was damaged on its way'],
  ['that was cut off', ANSWER.subarray(0, -5), 'is not as long as it says'],
  ['that is none', Buffer.from('hello'), 'has 5 bytes'],
])('a message %s is not taken', (_what, bytes, why) => {
  expect(() => decodeMessage(bytes)).toThrow(why);
});
