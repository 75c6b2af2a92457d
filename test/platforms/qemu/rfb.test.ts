import * as net from 'node:net';
import { answerTo, Keyboard } from '../../../lib/platforms/qemu/boot/rfb';
import { textOf } from '../../../lib/platforms/qemu/boot/screen';

let server: net.Server | undefined;
let received: Buffer;
let ended: Promise<void>;

/** A VNC server that offers one way to log in, and notes what it is sent after that. */
function listen(kind: 1 | 2, password = ''): Promise<number> {
  const challenge = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
  received = Buffer.alloc(0);
  const listening = net.createServer((socket) => {
    ended = new Promise((resolve) => socket.on('close', () => resolve()));
    let stage = 0;
    let have = Buffer.alloc(0);
    const take = (size: number): Buffer | undefined => {
      if (have.length < size) return undefined;
      const part = have.subarray(0, size);
      have = have.subarray(size);
      return part;
    };
    const init = Buffer.alloc(24 + 4);
    init.writeUInt32BE(4, 20);
    init.write('QEMU', 24);
    socket.write('RFB 003.008\n');
    socket
      .on('error', () => undefined)
      .on('data', (part) => {
        have = Buffer.concat([have, part]);
        if (stage === 0 && take(12)) {
          stage = 1;
          socket.write(Buffer.from([1, kind]));
        }
        if (stage === 1 && take(1)) {
          stage = kind === 2 ? 2 : 3;
          socket.write(kind === 2 ? challenge : Buffer.alloc(4));
        }
        if (stage === 2) {
          const answer = take(16);
          if (!answer) return;
          stage = 3;
          const right = answer.equals(answerTo(challenge, password));
          const reason = Buffer.from('no');
          socket.write(right ? Buffer.alloc(4) : Buffer.from([0, 0, 0, 1, 0, 0, 0, reason.length, ...reason]));
        }
        if (stage === 3 && take(1)) {
          stage = 4;
          socket.write(init);
        }
        if (stage === 4) {
          received = Buffer.concat([received, have]);
          have = Buffer.alloc(0);
        }
      });
  });
  server = listening;
  return new Promise((resolve) =>
    listening.listen(0, '127.0.0.1', () => resolve((listening.address() as net.AddressInfo).port)),
  );
}

afterEach(async () => {
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

describe('typing by VNC', () => {
  test('presses keys down and lets them go', async () => {
    const keyboard = await Keyboard.connect({ host: '127.0.0.1', port: await listen(1) }, undefined);
    await keyboard.key(0xff0d, true);
    await keyboard.key(0xff0d, false);
    keyboard.close();
    await ended;
    expect(received.toString('hex')).toBe('040100000000ff0d' + '040000000000ff0d');
  });

  test('knows the password', async () => {
    const port = await listen(2, 'secret12');
    (await Keyboard.connect({ host: '127.0.0.1', port }, 'secret12')).close();
    await expect(Keyboard.connect({ host: '127.0.0.1', port }, 'wrong')).rejects.toThrow(
      /cannot be reached by VNC: no/,
    );
  });

  test('answers a challenge as VNC does: single DES, the bits of the key the other way round', () => {
    // DES with a key of zeroes turns zeroes into 8ca64de9c1b123a7 (NIST SP 500-20, the first entry of its tables).
    expect(answerTo(Buffer.alloc(16), '').toString('hex')).toBe('8ca64de9c1b123a7'.repeat(2));
  });
});

describe('the text screen', () => {
  test('is read without its colours, line by line', () => {
    const memory = Buffer.alloc(80 * 2 * 3);
    for (const [line, text] of ['SeaBIOS', '', 'login:'].entries())
      [...text].forEach((character, column) => {
        memory[(line * 80 + column) * 2] = character.charCodeAt(0);
        memory[(line * 80 + column) * 2 + 1] = 7;
      });
    expect(textOf(memory)).toBe('SeaBIOS\n\nlogin:');
  });
});
