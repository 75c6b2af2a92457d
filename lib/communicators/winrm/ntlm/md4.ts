/** MD4 (RFC 1320), which passwords of Windows are hashed by. OpenSSL 3 has it no more. */
export function md4(message: Uint8Array): Buffer {
  const length = (Math.floor((message.length + 8) / 64) + 1) * 64;
  const padded = Buffer.alloc(length);
  padded.set(message);
  padded[message.length] = 0x80;
  padded.writeUInt32LE((message.length * 8) >>> 0, length - 8);
  padded.writeUInt32LE(Math.floor(message.length / 0x20000000), length - 4);

  let state: State = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let block = 0; block < length; block += 64) {
    const words = Array.from({ length: 16 }, (_, word) => padded.readUInt32LE(block + word * 4));
    let next = state;
    for (const { mix, add, order, shifts } of ROUNDS) {
      order.forEach((word, step) => {
        const [a, b, c, d] = next;
        next = [d, rotated((a + mix(b, c, d) + words[word]! + add) >>> 0, shifts[step % 4]!), b, c];
      });
    }
    state = state.map((value, index) => (value + next[index]!) >>> 0) as State;
  }
  const digest = Buffer.alloc(16);
  state.forEach((value, index) => digest.writeUInt32LE(value, index * 4));
  return digest;
}

type State = [number, number, number, number];

interface Round {
  readonly mix: (x: number, y: number, z: number) => number;
  readonly add: number;
  readonly order: readonly number[];
  readonly shifts: readonly number[];
}

/** RFC 1320, 3.4. */
const ROUNDS: readonly Round[] = [
  {
    mix: (x, y, z) => (x & y) | (~x & z),
    add: 0,
    order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    shifts: [3, 7, 11, 19],
  },
  {
    mix: (x, y, z) => (x & y) | (x & z) | (y & z),
    add: 0x5a827999,
    order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
    shifts: [3, 5, 9, 13],
  },
  {
    mix: (x, y, z) => x ^ y ^ z,
    add: 0x6ed9eba1,
    order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
    shifts: [3, 9, 11, 15],
  },
];

function rotated(value: number, by: number): number {
  return ((value << by) | (value >>> (32 - by))) >>> 0;
}
