import { failureOf } from '../../helpers/lab';
import { describeIf } from '../../helpers/requires';
import { keyboardServer } from './keyboard-server';
import { connect, targetOf } from './machine';
import { listener } from './proxies';
import { HAS_SSHD, NO_SSHD, startSshd, type Sshd } from './sshd';

describeIf(HAS_SSHD, NO_SSHD, 'a server that does not answer', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd.stop());

  test('a banner that never comes is said to be missing', async () => {
    const mute = await listener(() => undefined);
    try {
      const error = await failureOf(connect(targetOf(sshd, { port: mute.port, timeout: '500ms' })));
      expect(error.message).toMatch(/waiting for the SSH server's banner .*no answer for/);
    } finally {
      await mute.stop();
    }
  });

  test('a server that greets and then says nothing is left in bounded time', async () => {
    const mute = await listener((socket) => void socket.write('SSH-2.0-OpenSSH_9.2p1\r\n'));
    try {
      const error = await failureOf(connect(targetOf(sshd, { port: mute.port, timeout: '500ms' })));
      expect(error.message).toMatch(/as far as the key exchange .*its time is up.*no answer for/);
    } finally {
      await mute.stop();
    }
  });

  describe('by keyboard-interactive', () => {
    const password = { privateKeyFile: undefined, password: 'open sesame', timeout: '3s' };

    test('a prompt that never comes is waited for no longer than all else', async () => {
      const server = await keyboardServer(sshd.hostKey, () => undefined);
      try {
        const started = Date.now();
        const error = await failureOf(connect(targetOf(sshd, { ...password, port: server.port })));
        expect(error).toMatchObject({ code: 'CONNECT_FAILED' });
        expect(error.message).toMatch(
          /as far as the login .*its time is up.*no answer for .*offered were .*the password, asked for by keyboard-interactive/,
        );
        expect(Date.now() - started).toBeLessThan(10_000);
      } finally {
        await server.stop();
      }
    });

    test('questions without a prompt are answered, and others by the password', async () => {
      const answers: string[][] = [];
      const server = await keyboardServer(sshd.hostKey, (auth) =>
        auth.prompt([], () =>
          auth.prompt([{ prompt: 'Password: ', echo: false }], (given) => {
            answers.push(given);
            auth.reject();
          }),
        ),
      );
      try {
        const error = await failureOf(connect(targetOf(sshd, { ...password, port: server.port })));
        expect(error.message).toMatch(/the login in 3 tries .*refused/);
        expect(answers).toEqual([['open sesame'], ['open sesame'], ['open sesame']]);
      } finally {
        await server.stop();
      }
    });
  });
});
