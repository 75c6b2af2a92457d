import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Communicator } from '../../../lib/extension';
import { failureOf } from '../../helpers/lab';
import { describeIf } from '../../helpers/requires';
import { isRunning, temporaryFolder } from '../../provisioners/support';
import { connect, run, sshContext, targetOf } from './machine';
import { listener } from './proxies';
import { freePort, HAS_SSHD, makeKey, NO_SSHD, startSshd, type Sshd } from './sshd';

const forever = new AbortController().signal;

/** Kills a server once. */
function cutter(server: Sshd): (now: boolean) => void {
  let done = false;
  return (now) => {
    if (now && !done) server.kill();
    done ||= now;
  };
}

describeIf(HAS_SSHD, NO_SSHD, 'what goes wrong over SSH', () => {
  const folder = temporaryFolder();
  const at = (name: string): string => path.join(folder, name);
  const leftovers = (dir = folder): string[] => fs.readdirSync(dir).filter((name) => name.includes('goldsmith-'));
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
    fs.mkdirSync(at('many'));
    for (let n = 0; n < 40; n += 1) fs.writeFileSync(at(`many/${n}`), Buffer.alloc(200_000, String(n)));
    fs.writeFileSync(at('large'), Buffer.alloc(40_000_000, 'large'));
  });
  afterAll(() => sshd.stop());

  describe('connecting', () => {
    test('nothing listens: it is tried until the time is up, and the error says all that is known', async () => {
      const port = await freePort();
      const ctx = sshContext();
      const console = (): Promise<string> => Promise.resolve('Kernel panic - not syncing\n');
      const error = await failureOf(connect(targetOf(sshd, { port, timeout: '600ms', console }), ctx));
      expect(error).toMatchObject({ code: 'CONNECT_FAILED', output: 'Kernel panic - not syncing' });
      expect(error.message).toMatch(
        new RegExp(`root@127\\.0\\.0\\.1:${port}.* the TCP connection in [2-9] tries .*its time is up.*refused`),
      );
      expect(ctx.said).toEqual([expect.stringContaining(`127.0.0.1:${port}: TCP: the connection was refused`)]);
    });

    test('a server that comes up late is connected to', async () => {
      const port = await freePort();
      const late = connect(targetOf(sshd, { port, timeout: '20s' }));
      const server = await startSshd({ port });
      try {
        fs.copyFileSync(`${sshd.userKey}.pub`, server.authorizedKeys);
        expect((await run(await late, 'echo up')).stdout).toBe('up\n');
      } finally {
        await server.stop();
      }
    });

    test('a wrong key fails in seconds, not when the time is up', async () => {
      makeKey(at('stranger'));
      const started = Date.now();
      const error = await failureOf(connect(targetOf(sshd, { privateKeyFile: at('stranger'), timeout: '5m' })));
      expect(error.message).toMatch(
        /the login in 3 tries .*refused to let `root` log in; offered were stranger \(ssh-ed25519 SHA256:/,
      );
      expect(Date.now() - started).toBeLessThan(10_000);
    });

    test('a key that comes late is waited for, where the platform says that it may', async () => {
      makeKey(at('late'));
      let refusals = 0;
      const ctx = sshContext({
        say: (text) => {
          if (!text.includes('authentication')) return;
          refusals += 1;
          fs.appendFileSync(sshd.authorizedKeys, fs.readFileSync(at('late.pub')));
        },
      });
      const machine = await connect(targetOf(sshd, { privateKeyFile: at('late'), authMayComeLate: true }), ctx);
      expect((await run(machine, 'echo in')).stdout).toBe('in\n');
      expect(refusals).toBe(1);
    });

    test('something that speaks no SSH is said to do so', async () => {
      const web = await listener((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
      try {
        const error = await failureOf(connect(targetOf(sshd, { port: web.port, timeout: '500ms' })));
        expect(error).toMatchObject({
          code: 'CONNECT_FAILED',
          message: expect.stringContaining(`:${web.port}`) as string,
        });
      } finally {
        await web.stop();
      }
    });

    test('no common cipher fails at once', async () => {
      const server = await startSshd({ config: ['Ciphers aes256-ctr'] });
      try {
        const error = await failureOf(
          connect(targetOf(server, { ciphers: ['aes128-gcm@openssh.com'], timeout: '5m' })),
        );
        expect(error.message).toMatch(/the key exchange in 1 try .*no algorithm in common/);
      } finally {
        await server.stop();
      }
    });

    test('is ended when the run is', async () => {
      const port = await freePort();
      const stop = new AbortController();
      const waiting = connect(
        targetOf(sshd, { port, timeout: '5m' }),
        sshContext({ signal: stop.signal, say: () => stop.abort(new Error('enough')) }),
      );
      await expect(waiting).rejects.toThrow('enough');
    });

    test('a user who may run nothing is told so', async () => {
      const server = await startSshd({ config: ['ForceCommand echo no commands here; exit 1'] });
      try {
        const error = await failureOf(connect(targetOf(server)));
        expect(error).toMatchObject({
          code: 'CONNECT_FAILED',
          output: expect.stringContaining('no commands here') as string,
        });
      } finally {
        await server.stop();
      }
    });
  });

  describe('commands', () => {
    let server: Sshd;
    let machine: Communicator;
    beforeEach(async () => {
      server = await startSshd();
      machine = await connect(targetOf(server));
    });
    afterEach(async () => {
      await machine.close();
      await server.stop();
    });

    test('exit status, signal and a lost connection are told apart', async () => {
      expect((await run(machine, 'exit 7')).result).toEqual({ ended: 'exit', code: 7 });
      expect((await run(machine, 'kill -TERM $$')).result).toEqual({ ended: 'signal', signal: 'SIGTERM' });
      const cut = await run(machine, 'echo started; exec sleep 60', { onOutput: () => server.kill() });
      expect(cut.result).toEqual({ ended: 'disconnect' });
    });

    test('the next command connects anew', async () => {
      await server.restart();
      expect((await run(machine, 'echo again')).stdout).toBe('again\n');
    });

    test('one that is given up is ended, and what it started', async () => {
      const stop = new AbortController();
      let pids = '';
      const command = 'trap "" TERM; sleep 300 & sleep 301 & echo $! $$; wait';
      const given = machine.exec(command, {
        signal: stop.signal,
        onOutput: (text) => {
          pids += text;
          if (pids.includes('\n')) stop.abort(new Error('enough'));
        },
      });
      await expect(given).rejects.toThrow('enough');
      for (const pid of pids.trim().split(' ').map(Number)) expect(isRunning(pid)).toBe(false);
      expect((await run(machine, 'echo still here')).stdout).toBe('still here\n');
    }, 20_000);

    test('what a command leaves running does not hold it up', async () => {
      const { result, stdout } = await run(machine, 'sleep 30 & echo $!');
      expect(result).toEqual({ ended: 'exit', code: 0 });
      process.kill(Number(stdout));
    });

    test('input that nobody reads is no error, and secrets in it are in no list of processes', async () => {
      expect((await run(machine, 'exit 0', { stdin: Buffer.alloc(5_000_000) })).result).toEqual({
        ended: 'exit',
        code: 0,
      });
      const { stdout } = await run(machine, 'ps -ewwo args', { stdin: 'hunter2hunter2' });
      expect(stdout).not.toContain('hunter2hunter2');
    });

    test('many at once share the connection, also more than the server allows', async () => {
      const all = await Promise.all(Array.from({ length: 16 }, (_, n) => run(machine, `echo ${n}; sleep 0.1`)));
      expect(all.map(({ stdout }) => stdout.trim())).toEqual(Array.from({ length: 16 }, (_, n) => String(n)));
      expect(server.log().match(/Accepted publickey/g)).toHaveLength(1);
    });

    test('a terminal is given to those that want one', async () => {
      const terminal = await connect(targetOf(server, { pty: true }));
      const { result, stdout } = await run(terminal, '[ -t 1 ] && echo yes; cat; exit 3', { stdin: 'in\nput' });
      expect([result, stdout.replaceAll('\r', '')]).toEqual([{ ended: 'exit', code: 3 }, 'yes\nin\nput']);
    });
  });

  describe('transfers', () => {
    test.each([
      ['the shell', undefined],
      ['SFTP', 'sftp'],
      ['scp', 'scp'],
    ] as const)(
      'the server is killed in mid-upload by %s: no half file, and a second try succeeds',
      async (_how, method) => {
        const server = await startSshd();
        try {
          const cut = cutter(server);
          const machine = await connect(targetOf(server, { fileTransferMethod: method }));
          const target = at(`cut ${method}`);
          const error = await failureOf(
            machine.uploadFile(at('large'), target, {
              signal: forever,
              onProgress: ({ current }) => cut(current > 5e6),
            }),
          );
          expect(error.code).toMatch(/CONNECTION_LOST|CONNECT_FAILED/);
          expect(fs.existsSync(target)).toBe(false);
          await server.restart();
          await machine.uploadFile(at('large'), target, { signal: forever });
          expect(fs.readFileSync(target).equals(fs.readFileSync(at('large')))).toBe(true);
        } finally {
          await server.stop();
        }
      },
    );

    test('a folder that was cut off sends only what is missing the next time, and leaves nothing else', async () => {
      const server = await startSshd();
      const target = at('cut folder');
      const cut = cutter(server);
      try {
        const machine = await connect(targetOf(server));
        const error = await failureOf(
          machine.uploadDirectory(at('many'), target, {
            signal: forever,
            onProgress: ({ current }) => cut(current > 6e6),
          }),
        );
        expect(error.code).toBe('CONNECTION_LOST');
        expect(fs.existsSync(target)).toBe(false);
        await server.restart();
        const seen: number[] = [];
        await machine.uploadDirectory(at('many'), target, {
          signal: forever,
          onProgress: ({ current }) => seen.push(current),
        });
        expect(seen[0]).toBeGreaterThan(200_000);
        expect(spawnSync('diff', ['-r', at('many'), target]).status).toBe(0);
        expect(leftovers()).toEqual([]);
      } finally {
        await server.stop();
      }
    });

    test.each(['shell', 'sftp', 'scp'] as const)('one that is given up leaves nothing: %s', async (method) => {
      const machine = await connect(targetOf(sshd, method === 'shell' ? {} : { fileTransferMethod: method }));
      const stop = new AbortController();
      const onProgress = ({ current }: { current: number }): void => {
        if (current > 3e6) stop.abort(new Error('enough'));
      };
      const dir = fs.mkdtempSync(at(`given-${method}-`));
      await expect(
        machine.uploadFile(at('large'), path.join(dir, 'file'), { signal: stop.signal, onProgress }),
      ).rejects.toThrow('enough');
      expect(fs.readdirSync(dir).filter((name) => name === 'file')).toEqual([]);
      expect(leftovers(dir)).toEqual([]);
    });

    const canMount =
      spawnSync('sh', [
        '-c',
        `d=$(mktemp -d) && mount -t tmpfs -o size=64k none $d && umount $d; s=$?; rmdir $d; exit $s`,
      ]).status === 0;
    describeIf(canMount, 'nothing can be mounted here', 'to a disk that is full', () => {
      const disk = at('disk');
      beforeAll(() => {
        fs.mkdirSync(disk);
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', disk]);
      });
      afterAll(() => void execFileSync('umount', [disk]));

      test.each(['shell', 'sftp', 'scp'] as const)('fail with that reason, and leave nothing: %s', async (method) => {
        const machine = await connect(targetOf(sshd, method === 'shell' ? {} : { fileTransferMethod: method }));
        const file = await failureOf(machine.uploadFile(at('large'), path.join(disk, 'file'), { signal: forever }));
        expect(file.code).toMatch(method === 'sftp' ? /NO_SPACE|TRANSFER_FAILED/ : /NO_SPACE/);
        const many = await failureOf(machine.uploadDirectory(at('many'), path.join(disk, 'many'), { signal: forever }));
        expect(many.code).toMatch(method === 'sftp' ? /NO_SPACE|TRANSFER_FAILED/ : /NO_SPACE/);
        expect(fs.readdirSync(disk).filter((name) => name !== 'many')).toEqual([]);
        fs.rmSync(path.join(disk, 'many'), { recursive: true, force: true });
      });
    });
  });
});
