import { createKeyPair } from '../../../lib/communicators/ssh/key-pair';

test('every key of Ed25519 has 32 bytes, also where the first of them is zero', () => {
  // One in 256 begins with a zero.
  const keys = Array.from({ length: 3000 }, () => Buffer.from(createKeyPair().publicKey.split(' ')[1]!, 'base64'));
  const lengths = keys.map((blob) => blob.readUInt32BE(4 + 'ssh-ed25519'.length));
  expect(new Set(lengths)).toEqual(new Set([32]));
});
