/** RC4, by which NTLM seals messages. OpenSSL 3 has it no more. Each call goes on in the stream of the one before. */
export class Rc4 {
  private readonly state: Uint8Array;
  private i = 0;
  private j = 0;

  constructor(key: Uint8Array) {
    const state = Uint8Array.from({ length: 256 }, (_, index) => index);
    for (let i = 0, j = 0; i < 256; i += 1) {
      j = (j + state[i]! + key[i % key.length]!) & 255;
      [state[i], state[j]] = [state[j]!, state[i]!];
    }
    this.state = state;
  }

  /** Encrypts, or decrypts. */
  update(data: Uint8Array): Buffer {
    const { state } = this;
    const result = Buffer.allocUnsafe(data.length);
    let { i, j } = this;
    for (let at = 0; at < data.length; at += 1) {
      i = (i + 1) & 255;
      const a = state[i]!;
      j = (j + a) & 255;
      const b = state[j]!;
      state[i] = b;
      state[j] = a;
      result[at] = data[at]! ^ state[(a + b) & 255]!;
    }
    this.i = i;
    this.j = j;
    return result;
  }
}
