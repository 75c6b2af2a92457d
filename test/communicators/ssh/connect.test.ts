import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { createKeyPair } from '../../../lib/communicators/ssh/key-pair';
import { removeAuthorizedKey } from '../../../lib/communicators/ssh/authorized-keys';
import { failureOf } from '../../helpers/lab';
import { describeIf } from '../../helpers/requires';
import { temporaryFolder } from '../../provisioners/support';
import { connect, run, sshContext, targetOf } from './machine';
import { httpProxy, listener, socksProxy } from './proxies';
import { fingerprint, freePort, HAS_SSHD, makeKey, NO_SSHD, startSshd, type Sshd } from './sshd';

const signal = new AbortController().signal;

describeIf(HAS_SSHD, NO_SSHD, 'connecting by SSH', () => {
  const folder = temporaryFolder();
  const at = (name: string): string => path.join(folder, name);
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd.stop());

  const allow = (publicKey: string): void => fs.appendFileSync(sshd.authorizedKeys, `${publicKey.trim()}\n`);

  describe('with a key', () => {
    test.each([
      ['ED25519 of OpenSSH', 'ed25519', undefined, []],
      ['ECDSA of OpenSSH', 'ecdsa', undefined, []],
      ['RSA of OpenSSH', 'rsa', undefined, ['-b', '2048']],
      ['RSA of PEM', 'rsa', undefined, ['-b', '2048', '-m', 'PEM']],
      ['ECDSA of PEM', 'ecdsa', undefined, ['-m', 'PEM']],
      ['ED25519 that is encrypted', 'ed25519', 'open sesame', []],
      ['RSA of PEM that is encrypted', 'rsa', 'open sesame', ['-b', '2048', '-m', 'PEM']],
    ])('%s', async (what, type, passphrase, options) => {
      const file = at(`key ${what}`);
      execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase ?? '', '-f', file, ...options]);
      allow(fs.readFileSync(`${file}.pub`, 'utf8'));
      const machine = await connect(targetOf(sshd, { privateKeyFile: file, privateKeyPassphrase: passphrase }));
      expect((await run(machine, 'id -un')).stdout).toBe('root\n');
    });

    test.each(['ed25519', 'rsa', 'ecdsa'] as const)(
      'that was made here: %s, and removed from the machine in the end',
      async (type) => {
        const pair = createKeyPair(type, type === 'rsa' ? 2048 : undefined);
        allow(pair.publicKey);
        expect(fs.writeFileSync(at('made.pub'), pair.publicKey)).toBeUndefined();
        expect(fingerprint(at('made.pub'))).toBe(pair.fingerprint);
        const machine = await connect(targetOf(sshd, { privateKeyFile: undefined, privateKey: pair.privateKey }));
        const home = at(`home ${type}`);
        fs.mkdirSync(path.join(home, '.ssh'), { recursive: true });
        fs.writeFileSync(path.join(home, '.ssh/authorized_keys'), `one two\n${pair.publicKey}\nthree four\n`);
        const exec = machine.exec.bind(machine);
        const athome = {
          ...machine,
          guest: machine.guest,
          exec: (command: string, options: Parameters<typeof exec>[1]) => exec(`HOME='${home}'\n${command}`, options),
        };
        await removeAuthorizedKey(athome as typeof machine, pair.publicKey, signal);
        expect(fs.readFileSync(path.join(home, '.ssh/authorized_keys'), 'utf8')).toBe('one two\nthree four\n');
      },
    );

    test('that is encrypted, without its passphrase or with a wrong one, says so before anything is connected', async () => {
      const file = at('locked');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'right', '-f', file]);
      const without = await failureOf(connect(targetOf(sshd, { privateKeyFile: file })));
      expect(`${without.code} ${without.hint}`).toContain('privateKeyPassphrase');
      const wrong = await failureOf(connect(targetOf(sshd, { privateKeyFile: file, privateKeyPassphrase: 'wrong' })));
      expect(`${wrong.code} ${wrong.hint}`).toMatch(/INVALID_PROPS.*privateKeyPassphrase/);
    });
  });

  test.each(['ed25519', 'rsa', 'ecdsa'])('with a certificate for a key of type %s', async (type) => {
    const ca = at(`ca-${type}`);
    const key = at(`certified-${type}`);
    makeKey(ca);
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', key]);
    execFileSync('ssh-keygen', ['-q', '-s', ca, '-I', 'test', '-n', 'root', `${key}.pub`]);
    const server = await startSshd({ config: [`TrustedUserCAKeys ${ca}.pub`] });
    try {
      const machine = await connect(targetOf(server, { privateKeyFile: key, certificateFile: `${key}-cert.pub` }));
      expect((await run(machine, 'echo in')).stdout).toBe('in\n');
      expect(server.log()).toMatch(/Accepted publickey for root .*-CERT/);
    } finally {
      await server.stop();
    }
  });

  test("with the agent's key, and commands may use the agent", async () => {
    const agent = execFileSync('ssh-agent', ['-s', '-a', at('agent')]).toString();
    const [, pid] = /SSH_AGENT_PID=(\d+)/.exec(agent)!;
    try {
      const env = { ...process.env, SSH_AUTH_SOCK: at('agent') };
      execFileSync('ssh-add', ['-q', sshd.userKey], { env });
      const ctx = sshContext({ env });
      const machine = await connect(targetOf(sshd, { privateKeyFile: undefined, agentAuth: true }), ctx);
      expect((await run(machine, 'ssh-add -l')).stdout).toContain(fingerprint(sshd.userKey));
      const silent = await connect(
        targetOf(sshd, { privateKeyFile: undefined, agentAuth: true, disableAgentForwarding: true }),
        ctx,
      );
      expect((await run(silent, 'ssh-add -l')).result).toEqual({ ended: 'exit', code: 2 });
    } finally {
      process.kill(Number(pid));
    }
  });

  const canAddUsers = spawnSync('which', ['useradd', 'chpasswd']).status === 0;
  describeIf(canAddUsers, 'there is no useradd here', 'with a password', () => {
    const user = `gs${randomBytes(4).toString('hex')}`;
    const password = 'correct horse';
    beforeAll(() => {
      execFileSync('useradd', ['-M', '-d', '/tmp', '-s', '/bin/bash', user]);
      execFileSync('chpasswd', { input: `${user}:${password}\n` });
    });
    afterAll(() => void execFileSync('userdel', [user]));

    test.each([
      ['asked for as such', 'PasswordAuthentication yes'],
      ['asked for by keyboard-interactive', 'KbdInteractiveAuthentication yes'],
    ])('that is %s', async (_how, line) => {
      const server = await startSshd({ config: [line, 'UsePAM yes'] });
      try {
        const machine = await connect(targetOf(server, { username: user, privateKeyFile: undefined, password }));
        expect((await run(machine, 'id -un')).stdout).toBe(`${user}\n`);
        const bad = await failureOf(
          connect(
            targetOf(server, { username: user, privateKeyFile: undefined, password: 'wrong', handshakeAttempts: 1 }),
          ),
        );
        expect(bad.message).toMatch(new RegExp(`refused to let \`${user}\` log in; offered were .*password`));
        expect(JSON.stringify([bad.message, bad.hint])).not.toContain('wrong');
      } finally {
        await server.stop();
      }
    });

    test('root runs commands as another user', async () => {
      const machine = await connect(targetOf(sshd));
      expect((await run(machine, 'id -un; echo "it\'s" $((1+1))', { user })).stdout).toBe(`${user}\nit's 2\n`);
    });
  });

  test('through two bastions', async () => {
    const [first, second] = [await startSshd(), await startSshd()];
    try {
      const hop = (one: Sshd) => ({
        host: '127.0.0.1',
        port: one.port,
        privateKeyFile: one.userKey,
        hostKey: 'insecure' as const,
      });
      const machine = await connect(targetOf(sshd, { bastions: [hop(first), hop(second)] }));
      expect((await run(machine, 'echo "$SSH_CONNECTION"')).stdout).toContain(` ${sshd.port}\n`);
      expect(first.log()).toContain('Accepted publickey');
      expect(second.log()).toContain('Accepted publickey');
      await machine.uploadFile(Buffer.alloc(3_000_000, 'x'), at('through'), { signal });
      expect(fs.statSync(at('through')).size).toBe(3_000_000);
    } finally {
      await first.stop();
      await second.stop();
    }
  });

  test('through a SOCKS 5 proxy', async () => {
    const proxy = await socksProxy(sshd);
    try {
      const machine = await connect(targetOf(sshd, { proxy: { kind: 'socks5', host: '127.0.0.1', port: proxy.port } }));
      expect((await run(machine, 'echo in')).stdout).toBe('in\n');
    } finally {
      await proxy.stop();
    }
  });

  test('through an HTTP proxy that wants a password', async () => {
    const proxy = await httpProxy('me:secret word');
    try {
      const known = {
        kind: 'http',
        host: '127.0.0.1',
        port: proxy.port,
        username: 'me',
        password: 'secret word',
      } as const;
      const machine = await connect(targetOf(sshd, { proxy: known }));
      expect((await run(machine, 'echo in')).stdout).toBe('in\n');
      const refused = await failureOf(connect(targetOf(sshd, { proxy: { ...known, password: 'no' } })));
      expect(refused.message).toContain('407');
    } finally {
      await proxy.stop();
    }
  });

  test('tunnels lead both ways', async () => {
    const server = await listener((socket) => socket.end('hello\n'));
    const [here, there] = [await freePort(), await freePort()];
    try {
      const machine = await connect(
        targetOf(sshd, {
          localTunnels: [`${here}:127.0.0.1:${server.port}`],
          remoteTunnels: [`${there}:127.0.0.1:${server.port}`],
        }),
      );
      const read = (port: number): Promise<string> =>
        new Promise((resolve) => {
          let text = '';
          net
            .connect(port, '127.0.0.1')
            .on('data', (data) => (text += data.toString()))
            .once('close', () => resolve(text));
        });
      expect(await read(here)).toBe('hello\n');
      expect(await read(there)).toBe('hello\n');
      await machine.close();
      await expect(new Promise((_, reject) => net.connect(here, '127.0.0.1').once('error', reject))).rejects.toThrow();
    } finally {
      await server.stop();
    }
  });

  describe('the host key', () => {
    test('is the pinned one, by line or fingerprint', async () => {
      const line = fs.readFileSync(`${sshd.hostKey}.pub`, 'utf8');
      await connect(targetOf(sshd, { hostKey: undefined, pinnedHostKeys: [line] }));
      await connect(targetOf(sshd, { hostKey: fingerprint(sshd.hostKey) as 'SHA256:' }));
    });

    test('that is another one is refused at once, with both fingerprints', async () => {
      makeKey(at('other'));
      const started = Date.now();
      const error = await failureOf(
        connect(
          targetOf(sshd, {
            hostKey: 'pinned',
            pinnedHostKeys: [fs.readFileSync(at('other.pub'), 'utf8')],
            timeout: '1m',
          }),
        ),
      );
      expect(error.message).toContain(fingerprint(at('other')));
      expect(error.message).toContain(fingerprint(sshd.hostKey));
      expect(Date.now() - started).toBeLessThan(10_000);
    });

    test.each([['plain'], ['hashed']])('is looked up in known_hosts, with %s names', async (how) => {
      const [type, key] = fs.readFileSync(`${sshd.hostKey}.pub`, 'utf8').split(' ');
      const file = at(`known ${how}`);
      fs.writeFileSync(file, `# comment\nother.test ${type} AAAA\n[127.0.0.1]:${sshd.port} ${type} ${key}\n`);
      if (how === 'hashed') execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
      await connect(targetOf(sshd, { hostKey: 'known-hosts', knownHostsFile: file }));
      const unknown = await failureOf(
        connect(targetOf(sshd, { hostKey: 'known-hosts', knownHostsFile: at('nothing') })),
      );
      expect(unknown.message).toContain(fingerprint(sshd.hostKey));
      expect(unknown.hint).toContain('ssh-keyscan');
    });
  });

  test.each([
    ['csh-like', '/bin/csh'],
    ['fish', '/usr/bin/fish'],
  ])('a login shell that is %s makes no difference', async (_what, shell) => {
    const server = await startSshd({ config: [`SetEnv SHELL=${shell}`] });
    try {
      const machine = await connect(targetOf(server));
      const { stdout, stderr } = await run(machine, 'for i in 1 2; do\n  echo "it\'s \\\\ $i!"\ndone; echo e >&2', {
        stdin: 'x',
      });
      expect([stdout, stderr]).toEqual(["it's \\ 1!\nit's \\ 2!\n", 'e\n']);
    } finally {
      await server.stop();
    }
  });
});
