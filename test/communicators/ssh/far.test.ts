import * as fs from 'node:fs';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import type { Communicator } from '../../../lib/extension';
import { systemClock } from '../../../lib/engine/clock';
import { scriptProgram } from '../../../lib/provisioners/shell-program';
import { describeIf } from '../../helpers/requires';
import { isRunning, temporaryFolder } from '../../provisioners/support';
import { connect, run, sshContext, targetOf, type Ran } from './machine';
import { slowLink, type SlowLink } from './slow-link';
import { HAS_SSHD, NO_SSHD, startSshd, type Sshd, type SshdOptions } from './sshd';

/** By a clock that is always so much later everything is far away, and login shells take as long, however busy this machine is. */
const QUICK_LOGIN = 35;
const SLOW_LOGIN = 45;

function farClock(step: number): typeof systemClock {
  let time = 0;
  return { ...systemClock, now: () => (time += step) };
}

describeIf(HAS_SSHD, NO_SSHD, 'a machine that is far away', () => {
  const folder = temporaryFolder();
  const rc = path.join(folder, '.bashrc');
  let sshd: Sshd | undefined;
  let link: SlowLink;
  let login = QUICK_LOGIN;

  /** A machine whose login user has the folder for home, and no files of a shell there. */
  async function farMachine(options: SshdOptions = {}, target = {}, roundTrip = 0): Promise<Communicator> {
    fs.rmSync(rc, { force: true });
    sshd = await startSshd({ ...options, config: [`SetEnv HOME=${folder}`, ...(options.config ?? [])] });
    link = await slowLink(sshd.port, roundTrip);
    return connect(targetOf(sshd, { port: link.port, ...target }), sshContext({ clock: farClock(login) }));
  }
  beforeEach(() => void (login = QUICK_LOGIN));
  afterEach(async () => {
    link.stop();
    await sshd?.stop();
  });

  /** Runs it while no answer of the machine comes through: whatever it does takes one flight. */
  async function inOneFlight(machine: Communicator, command: string, stdin?: string | Buffer): Promise<Ran> {
    const begun = path.join(folder, `begun ${Math.random()}`);
    link.hold();
    const ran = run(machine, `${command}\ns=$?; : >'${begun}'; exit $s`, stdin === undefined ? {} : { stdin });
    for (let tries = 0; !fs.existsSync(begun); tries += 1) {
      if (tries > 500) throw new Error('it waits for an answer');
      await systemClock.sleep(20);
    }
    link.release();
    return ran;
  }

  /** One command, and then time for the next shell to be there. */
  async function settle(machine: Communicator): Promise<void> {
    await run(machine, 'true');
    await run(machine, 'sleep 0.2');
  }

  test('a shell step takes one round trip', async () => {
    const machine = await farMachine();
    await settle(machine);
    for (let n = 0; n < 3; n += 1) {
      const { command, stdin } = scriptProgram({
        script: Buffer.from('echo "$WHO $(cat | wc -c)"; exit 3'),
        path: path.join(folder, `script ${n}`),
        environment: { WHO: `hunter${n}` },
      });
      const { result, stdout, stderr } = await inOneFlight(machine, `( ${command} )`, Buffer.from(stdin));
      expect([result, stdout, stderr]).toEqual([{ ended: 'exit', code: 3 }, `hunter${n} 0\n`, '']);
      await settle(machine);
    }
    expect(sshd!.log().match(/Accepted publickey/g)).toHaveLength(1);
  });

  test.each([
    ['take no more than a round trip each, either', QUICK_LOGIN, 800],
    ['take two round trips where the login shell has so much to do that none waits', SLOW_LOGIN, 1300],
  ])(
    'steps that do nothing %s',
    async (_what, quickness, limit) => {
      login = quickness;
      const machine = await farMachine({}, {}, 500);
      await systemClock.sleep(1500);
      const took: number[] = [];
      for (let n = 0; n < 7; n += 1) {
        const started = Date.now();
        expect((await run(machine, `echo ${n}`)).stdout).toBe(`${n}\n`);
        took.push(Date.now() - started);
      }
      expect(took.sort((a, b) => a - b)[3]).toBeLessThan(limit);
    },
    20_000,
  );

  describe.each([
    ['where shells wait', QUICK_LOGIN],
    ['where sessions are opened ahead', SLOW_LOGIN],
  ])('%s', (_what, quickness) => {
    beforeEach(() => void (login = quickness));

    test('exit status, signal, output and input are those of the command', async () => {
      const machine = await farMachine();
      await settle(machine);
      expect((await run(machine, 'exit 86')).result).toEqual({ ended: 'exit', code: 86 });
      expect((await run(machine, 'kill -TERM $$')).result).toEqual({ ended: 'signal', signal: 'SIGTERM' });
      const input = Buffer.alloc(3_000_000, 'input\n');
      expect((await run(machine, 'cksum; echo x >&2', { stdin: input })).stderr).toBe('x\n');
      expect((await run(machine, 'wc -c', { stdin: input })).stdout.trim()).toBe('3000000');
      expect((await run(machine, 'cat')).stdout).toBe('');
      expect((await run(machine, `printf %s 'a\n"b"  \\c!'`)).stdout).toBe('a\n"b"  \\c!');
      expect((await run(machine, 'exit 0', { stdin: input })).result).toEqual({ ended: 'exit', code: 0 });
      expect((await run(machine, 'ps -ewwo args', { stdin: 'hunter2hunter2' })).stdout).not.toContain('hunter2hunter2');
    });

    test('a command finds what the one before changed, and all else as in a shell of its own', async () => {
      const machine = await farMachine();
      const seen = async (): Promise<string> => (await run(machine, 'echo "$LATE $PATH"; pwd')).stdout;
      const near = await connect(targetOf(sshd!));
      const env = "env | grep -v '^SSH_C' | sort; umask; ulimit -n; id";
      const fresh = (await run(near, env)).stdout;
      await settle(machine);
      expect((await run(machine, env)).stdout).toBe(fresh);
      const before = await seen();
      await run(machine, `echo 'export LATE=1 PATH="$PATH:/late"; echo noise; echo noise >&2' >"$HOME/.bashrc"`);
      const noisy = await run(machine, 'echo "$LATE $PATH"');
      expect(noisy.stdout).toBe(`noise\n1${before.split('\n')[0]}:/late\n`);
      expect(noisy.stderr).toBe('noise\n');
      await settle(machine);
      expect((await run(machine, 'echo "$LATE $PATH"')).stdout).toBe(noisy.stdout);
      fs.rmSync(rc);
      expect(await seen()).toBe(before);
    });

    test('one that is given up is ended, and what it started', async () => {
      const machine = await farMachine({ config: ['MaxSessions 2'] });
      await settle(machine);
      const stop = new AbortController();
      let pids = '';
      const given = machine.exec('trap "" TERM; sleep 300 & sleep 301 & echo $! $$; wait', {
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

    test.each([1, 2, 3])('a server that allows %d sessions at once is enough', async (sessions) => {
      const machine = await farMachine({ config: [`MaxSessions ${sessions}`] });
      for (let n = 0; n < 4; n += 1) expect((await run(machine, `echo ${n}`)).stdout).toBe(`${n}\n`);
      const file = path.join(folder, 'file');
      await machine.uploadFile(Buffer.from('text'), file, { signal: new AbortController().signal });
      expect(fs.readFileSync(file, 'utf8')).toBe('text');
      const sftp = await connect(
        targetOf(sshd!, { fileTransferMethod: 'sftp' }),
        sshContext({ clock: farClock(login) }),
      );
      await sftp.uploadFile(Buffer.from('more'), file, { signal: new AbortController().signal });
      expect(fs.readFileSync(file, 'utf8')).toBe('more');
      expect(sshd!.log()).toContain("subsystem 'sftp'");
      if (sessions === 1) return;
      const all = await Promise.all(Array.from({ length: 6 }, (_, n) => run(machine, `echo ${n}`)));
      expect(all.map(({ stdout }) => stdout.trim())).toEqual(['0', '1', '2', '3', '4', '5']);
    });
  });

  test('what reads its input piece by piece is not lost where the shell that waited is gone', async () => {
    const machine = await farMachine();
    const pieces = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('one ');
      yield Buffer.from('two');
    };
    await settle(machine);
    expect((await run(machine, 'cat', { stdin: Readable.from(pieces()) })).stdout).toBe('one two');
    await settle(machine);
    await endShells();
    expect((await run(machine, 'cat', { stdin: Readable.from(pieces()) })).stdout).toBe('one two');
  });

  test('a step that ends all shells does not end the next one', async () => {
    const machine = await farMachine();
    await settle(machine);
    link.hold();
    await endShells();
    const next = run(machine, 'echo next');
    link.release();
    expect((await next).stdout).toBe('next\n');
    expect((await run(machine, 'echo more')).stdout).toBe('more\n');
  });

  test('the shell that waits goes with its connection, and a new connection has one of its own', async () => {
    const machine = await farMachine();
    await settle(machine);
    await sshd!.restart();
    expect((await run(machine, 'echo again')).stdout).toBe('again\n');
    await settle(machine);
    expect((await inOneFlight(machine, 'echo flies')).stdout).toBe('flies\n');
    await machine.close();
    for (let tries = 0; shells().length > 0 && tries < 200; tries += 1) await systemClock.sleep(20);
    expect(shells()).toEqual([]);
  });

  test('there is none for a terminal, and none by a command that the server forces', async () => {
    const machine = await farMachine({ config: ['ForceCommand eval "$SSH_ORIGINAL_COMMAND"'] });
    await settle(machine);
    expect(shells()).toEqual([]);
    const terminal = await connect(targetOf(sshd!, { pty: true }), sshContext({ clock: farClock(login) }));
    expect((await run(terminal, '[ -t 1 ] && echo yes')).stdout.trim()).toBe('yes');
  });

  /** Processes of the test's server that wait for a command. */
  function shells(): number[] {
    return sshd!.sessions().filter((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('gs_0');
      } catch {
        return false;
      }
    });
  }

  async function endShells(): Promise<void> {
    for (let tries = 0; shells().length === 0 && tries < 200; tries += 1) await systemClock.sleep(20);
    for (const pid of shells()) process.kill(pid, 'SIGKILL');
  }
});
