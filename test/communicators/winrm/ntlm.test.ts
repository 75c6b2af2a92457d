import { md4 } from '../../../lib/communicators/winrm/ntlm/md4';
import {
  authenticateMessage,
  AV,
  fileTime,
  negotiateMessage,
  readPairs,
  responseKeyOf,
  utf16,
  writePairs,
} from '../../../lib/communicators/winrm/ntlm/messages';
import { Rc4 } from '../../../lib/communicators/winrm/ntlm/rc4';
import { hmacMd5, Sealer } from '../../../lib/communicators/winrm/ntlm/seal';
import { sealMessage, unsealMessage } from '../../../lib/communicators/winrm/multipart';

describe('MD4', () => {
  // RFC 1320, A.5.
  test.each([
    ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
    ['a', 'bde52cb31de33e46245e05fbdbd6fb24'],
    ['abc', 'a448017aaf21d8525fc10ae87aa6729d'],
    ['message digest', 'd9130a8164549fe818874806e1c7014b'],
    ['abcdefghijklmnopqrstuvwxyz', 'd79e1c308aa5bbcdeea8ed63df412da9'],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', '043f8582f241db351ce627e153e7f0e4'],
    [
      '12345678901234567890123456789012345678901234567890123456789012345678901234567890',
      'e33b4ddc9c38f2199c3e7b164fcc0536',
    ],
  ])('of %p', (text, digest) => {
    expect(md4(Buffer.from(text)).toString('hex')).toBe(digest);
  });
});

describe('RC4', () => {
  // RFC 6229, 2: 40 and 128 bits, the stream at 0 and at 240.
  test.each([
    ['0102030405', 'b2396305f03dc027ccc3524a0a1118a8', '28cb1132c96ce286421dcaadb8b69eae'],
    ['0102030405060708090a0b0c0d0e0f10', '9ac7cc9a609d1ef7b2932899cde41b97', '065902e4b620f6cc36c8589f66432f2b'],
  ])('with the key %s', (key, first, later) => {
    const cipher = new Rc4(Buffer.from(key, 'hex'));
    expect(cipher.update(Buffer.alloc(16)).toString('hex')).toBe(first);
    cipher.update(Buffer.alloc(224));
    expect(cipher.update(Buffer.alloc(16)).toString('hex')).toBe(later);
  });
});

describe('NTLM', () => {
  // MS-NLMP 4.2.1 and 4.2.4: the vendor's own figures.
  test('hashes a password as the specification does', () => {
    expect(responseKeyOf('User', 'Domain', 'Password').toString('hex')).toBe('0c868a403bfd7a93a3001ef22ef02e3f');
  });

  test('makes the proof of the specification', () => {
    const pairs = writePairs(
      new Map([
        [2, utf16('Domain')],
        [1, utf16('Server')],
      ]),
    );
    const blob = Buffer.concat([
      Buffer.from([1, 1, 0, 0, 0, 0, 0, 0]),
      Buffer.alloc(8),
      Buffer.alloc(8, 0xaa),
      Buffer.alloc(4),
      pairs,
      Buffer.alloc(4),
    ]);
    const key = responseKeyOf('User', 'Domain', 'Password');
    const proof = hmacMd5(key, Buffer.from('0123456789abcdef', 'hex'), blob);
    expect(proof.toString('hex')).toBe('68cd0ab851e51c96aabc927bebef6a1c');
    expect(hmacMd5(key, proof).toString('hex')).toBe('8de40ccadbc14a82f15cb0ad0de95ca3');
    expect(new Rc4(hmacMd5(key, proof)).update(Buffer.alloc(16, 0x55)).toString('hex')).toBe(
      'c5dad2544fc9799094ce1ce90bc9d03e',
    );
  });

  test('seals the text of the specification', () => {
    const sealer = new Sealer(Buffer.alloc(16, 0x55), 'client-to-server');
    const { sealed, signature } = sealer.seal(utf16('Plaintext'));
    expect(sealed.toString('hex')).toBe('54e50165bf1936dc996020c1811b0f06fb5f');
    expect(signature.toString('hex')).toBe('010000007fb38ec5c55d497600000000');
  });

  test('answers with an own nonce each time, and with what the machine told of itself', () => {
    const challenge = challengeOf(new Map([[AV.timestamp, fileTime(0)]]));
    const make = () =>
      authenticateMessage({
        login: { username: 'ACME\\admin', password: 'secret' },
        negotiate: negotiateMessage(),
        challenge,
        service: 'HTTP/host',
        channelBindings: Buffer.alloc(16, 7),
        now: 0,
      });
    const { message, sessionKey } = make();
    expect(make().sessionKey.equals(sessionKey)).toBe(false);
    expect(message.includes(utf16('ACME'))).toBe(true);
    const pairs = readPairs(message.subarray(message.indexOf(fileTime(0), 100) + 20));
    expect(pairs.get(AV.channelBindings)).toEqual(Buffer.alloc(16, 7));
    expect(pairs.get(AV.targetName)).toEqual(utf16('HTTP/host'));
  });

  test('a machine that offers only weak protection is refused', () => {
    const challenge = challengeOf(new Map(), 0x1);
    const login = { username: 'a', password: 'b' };
    expect(() =>
      authenticateMessage({ login, negotiate: negotiateMessage(), challenge, service: 'HTTP/host', now: 0 }),
    ).toThrow('too weak');
  });

  test('a sealed message that was changed on the way is refused', () => {
    const key = Buffer.alloc(16, 1);
    const [out, into] = [new Sealer(key, 'client-to-server'), new Sealer(key, 'client-to-server')];
    const first = sealMessage(out, Buffer.from('first'));
    expect(unsealMessage(into, first).toString()).toBe('first');
    const second = sealMessage(out, Buffer.from('second'));
    second[second.length - 30]! ^= 1;
    expect(() => unsealMessage(into, second)).toThrow('wrong signature');
  });
});

function challengeOf(target: ReadonlyMap<number, Buffer>, flags = 0xe28a8235): Buffer {
  const pairs = writePairs(target);
  const head = Buffer.alloc(56);
  head.write('NTLMSSP\0');
  head.writeUInt32LE(2, 8);
  head.writeUInt32LE(flags, 20);
  Buffer.from('0123456789abcdef', 'hex').copy(head, 24);
  head.writeUInt16LE(pairs.length, 40);
  head.writeUInt32LE(56, 44);
  return Buffer.concat([head, pairs]);
}
