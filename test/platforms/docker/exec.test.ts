import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describeIf } from '../../helpers/requires';
import { hasEngine, NO_ENGINE } from '../../helpers/docker';
import { Base, Build, execute, fromId } from './fixture';

describeIf(hasEngine, NO_ENGINE, 'a command in a container', () => {
  let base: Base;
  let build: Build;
  const signal = new AbortController().signal;
  beforeAll(async () => {
    base = await Base.make();
    build = await Build.start({}, fromId(base.id));
  });
  afterAll(async () => {
    await build.end();
    await base.remove();
  });

  const exec = (command: string, stdin?: string | Uint8Array | Readable) => execute(build.on, command, signal, stdin);

  test('ends with its exit status, and output and errors apart', async () => {
    expect(await exec('echo out; echo err >&2; exit 42')).toEqual({
      result: { ended: 'exit', code: 42 },
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  test('that is none is a result of the shell, not an exception', async () => {
    expect((await exec('no-such-command')).result).toEqual({ ended: 'exit', code: 127 });
  });

  test('that dies of a signal ends as the shell says', async () => {
    expect((await exec('kill -9 $$')).result).toEqual({ ended: 'exit', code: 137 });
  });

  test('without input finds its end at once', async () => {
    expect((await exec('cat; echo done')).stdout).toBe('done\n');
  });

  test('reads 5 MB of input, to its end', async () => {
    const data = randomBytes(5 * 1024 * 1024);
    const digest = createHash('sha256').update(data).digest('hex');
    expect((await exec('sha256sum', data)).stdout).toContain(digest);
    const chunks = Array.from({ length: 80 }, (_, at) => data.subarray(at * 65536, (at + 1) * 65536));
    expect((await exec('sha256sum', Readable.from(chunks))).stdout).toContain(digest);
  });

  test('that does not read its input ends all the same, with all of its output', async () => {
    const { result, stdout } = await exec('head -c 3; seq 200000', Buffer.alloc(5 * 1024 * 1024, 'x'));
    expect(result).toEqual({ ended: 'exit', code: 0 });
    expect(stdout).toHaveLength('xxx'.length + Array.from({ length: 200000 }, (_, n) => `${n + 1}\n`).join('').length);
  });

  test('whose input breaks off fails with the reason', async () => {
    const broken = new Readable({
      read() {
        this.destroy(new Error('the source broke'));
      },
    });
    await expect(exec('cat >/dev/null', broken)).rejects.toThrow('the source broke');
  });

  test('prints characters whole, however they come', async () => {
    const pieces = ["printf '\\342'", 'sleep 0.05', "printf '\\202'", 'sleep 0.05', "printf '\\254 ok'"];
    expect((await exec(pieces.join('; '))).stdout).toBe('€ ok');
  });

  test('prints 3 MB without loss', async () => {
    const { stdout } = await exec('seq 450000');
    expect(createHash('md5').update(stdout).digest('hex')).toBe(
      createHash('md5')
        .update(Array.from({ length: 450000 }, (_, n) => `${n + 1}\n`).join(''))
        .digest('hex'),
    );
  });

  test('runs as another user', async () => {
    let user = '';
    await build.on.exec('id -u', { signal, user: 'app', onOutput: (text) => (user += text) });
    expect(user).toBe('1234\n');
    user = '';
    const result = await build.on.exec('true', { signal, user: 'nobody-here', onOutput: (text) => (user += text) });
    expect(result).toEqual({ ended: 'exit', code: 126 });
    expect(user).toContain('unable to find user nobody-here');
  });

  test('may leave something running', async () => {
    await exec('setsid sleep 777 >/dev/null 2>&1 &');
    expect(await build.run('cat /proc/[0-9]*/cmdline | tr "\\0" " " | grep -c "sleep 77[7]" || true')).toBe('1\n');
  });

  describe('that is cancelled', () => {
    async function cancelWhen(command: string, ready: string): Promise<unknown> {
      const cancel = new AbortController();
      const reason = new Error('enough');
      const failure = build.on
        .exec(command, {
          signal: cancel.signal,
          onOutput: (text) => void (text.includes(ready) && cancel.abort(reason)),
        })
        .catch((error: unknown) => error);
      return (await failure) === reason ? 'the reason' : failure;
    }

    const running = (what: string): Promise<string> =>
      build.run(`cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " " | grep -c "${what}" || true`);

    test('is ended, with what it started, and rejects with the reason', async () => {
      expect(await cancelWhen('sleep 881 & (setsid sleep 882 &) ; sh -c "sleep 883 & echo ready; wait"', 'ready')).toBe(
        'the reason',
      );
      expect(await running('sleep 88[13]')).toBe('0\n');
    });

    test('leaves what earlier commands left running', async () => {
      await exec('setsid sleep 991 >/dev/null 2>&1 &');
      expect(await cancelWhen('echo ready; sleep 992', 'ready')).toBe('the reason');
      expect(await running('sleep 99[2]')).toBe('0\n');
      expect(await running('sleep 99[1]')).toBe('1\n');
    });

    test('is killed when it does not obey', async () => {
      expect(await cancelWhen('trap "" TERM; echo ready; while :; do sleep 0.1; done', 'ready')).toBe('the reason');
      expect(await running('tra[p]')).toBe('0\n');
    });

    test('before it began never runs', async () => {
      const reason = new Error('early');
      await expect(build.on.exec('echo x >/never', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect(await build.run('ls / | grep -c never || true')).toBe('0\n');
    });

    test('where the engine is not on this machine is ended too', async () => {
      const { DockerCommunicator } =
        require('../../../lib/platforms/docker/communicator') as typeof import('../../../lib/platforms/docker/communicator');
      const { Engine } =
        require('../../../lib/platforms/docker/engine') as typeof import('../../../lib/platforms/docker/engine');
      const { Client } =
        require('../../../lib/platforms/docker/client') as typeof import('../../../lib/platforms/docker/client');
      const remote = new Engine(new Client({ ...base.engine.endpoint, local: false }));
      const access = {
        container: build.machine.resource.id!,
        name: 'x',
        containerUser: '',
        pty: false,
        fixUploadOwner: true,
        hidden: [],
      };
      const on = new DockerCommunicator(remote, access, build.ctx.clock);
      const cancel = new AbortController();
      const failure = on.exec('echo ready; sleep 993', {
        signal: cancel.signal,
        onOutput: () => cancel.abort(new Error('far')),
      });
      await expect(failure).rejects.toThrow('far');
      expect(await running('sleep 99[3]')).toBe('0\n');
      remote.close();
    });
  });

  test('ends as a lost connection when its container dies, also before it began', async () => {
    const dying = await Build.start({}, fromId(base.id));
    try {
      const command = execute(dying.on, 'echo started; sleep 1000', signal);
      await dying.ctx.poll('the command', async () =>
        (await base.engine.processes(dying.container)) > 2 ? true : undefined,
      );
      await base.engine.kill(dying.container);
      expect(await command).toEqual({ result: { ended: 'disconnect' }, stdout: 'started\n', stderr: '' });
      expect((await execute(dying.on, 'true', signal)).result).toEqual({ ended: 'disconnect' });
      await base.engine.removeContainer(dying.container);
      expect((await execute(dying.on, 'true', signal)).result).toEqual({ ended: 'disconnect' });
    } finally {
      await dying.end();
    }
  });

  describe('with a terminal', () => {
    let withTerminal: Build;
    beforeAll(async () => {
      withTerminal = await Build.start({ pty: true, execUser: 'app' }, fromId(base.id));
    });
    afterAll(() => withTerminal.end());

    test('has one, and ends with its exit status', async () => {
      const { result, stdout } = await execute(withTerminal.on, 'tty; [ -t 1 ] && echo terminal; exit 5', signal);
      expect(result).toEqual({ ended: 'exit', code: 5 });
      expect(stdout).toMatch(/^\/dev\/pts\/\d+\r\nterminal\r\n$/);
    });

    test('reads its input, which is not shown and leaves no file', async () => {
      const { stdout } = await execute(
        withTerminal.on,
        '[ -t 1 ] && cat | tr a-z A-Z; ls -A /tmp',
        signal,
        Readable.from([Buffer.from('secret\n')]),
      );
      expect(stdout).toBe('SECRET\r\n');
    });
  });
});
