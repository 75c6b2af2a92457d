import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { GoldsmithError } from '../../../lib/errors';
import type { Communicator } from '../../../lib/extension';
import { powershellCommand, powershellProgram, psQuote } from '../../../lib/util/powershell';
import { failureOf } from '../../helpers/lab';
import { isRunning } from '../../provisioners/support';
import { fastClock } from '../ssh/machine';
import { listener } from '../ssh/proxies';
import { WsmanServer } from './helpers/wsman';
import { connect, run, targetOf, winrmContext } from './machine';

describe('commands by WinRM', () => {
  let server: WsmanServer;
  let machine: Communicator;
  beforeEach(async () => {
    server = await new WsmanServer({ downTime: 100 }).start();
    machine = await connect(targetOf(server));
  });
  afterEach(async () => {
    await machine.close();
    await server.stop();
  });

  test('streams are kept apart, in any length, cut anywhere', async () => {
    const { stdout, stderr } = await run(
      machine,
      `sh -c 'i=0; while [ $i -lt 20000 ]; do echo ü$i; i=$((i+1)); done; echo end 1>&2'`,
    );
    expect(stdout.split('\n')).toHaveLength(20_001);
    expect(stdout).toContain('\nü19999\n');
    expect(stderr).toBe('end\n');
  });

  test('a command that is silent for long is asked again and again', async () => {
    const { result, stdout } = await run(machine, 'sh -c "sleep 2.3; echo late"');
    expect([result, stdout]).toEqual([{ ended: 'exit', code: 0 }, 'late\n']);
    expect(server.actions.filter((action) => action === 'Receive').length).toBeGreaterThan(3);
  });

  test('commands one after another share a shell; those at once have one each', async () => {
    for (let n = 0; n < 4; n += 1) await run(machine, `echo ${n}`);
    expect(server.shells.size).toBe(1);
    const all = await Promise.all([0, 1, 2, 3, 4].map((n) => run(machine, `sh -c "sleep 0.2; echo ${n}"`)));
    expect(all.map(({ stdout }) => stdout)).toEqual(['0\n', '1\n', '2\n', '3\n', '4\n']);
    expect(server.shells.size).toBe(5);
  });

  test('input goes in whole, in many messages, and is in no command line', async () => {
    const input = Buffer.from(Array.from({ length: 400_000 }, (_, n) => n % 251));
    const { stdout } = await run(machine, 'sha256sum', { stdin: input });
    expect(stdout.split(' ')[0]).toBe(createHash('sha256').update(input).digest('hex'));
    expect((await run(machine, 'cat', { stdin: 'text' })).stdout).toBe('text');
    expect((await run(machine, 'exit 3', { stdin: Buffer.alloc(2_000_000) })).result).toEqual({
      ended: 'exit',
      code: 3,
    });
    expect(server.lines.join('\n')).not.toContain('text');
  });

  test("PowerShell's errors are readable, and its exit code counts", async () => {
    const failing = await run(machine, powershellCommand(`Write-Warning 'look <out> & up'\nthrow "gone\nwrong: é"`));
    expect(failing.result).toEqual({ ended: 'exit', code: 1 });
    expect(failing.stderr).toMatch(/^WARNING: look <out> & up\r\ngone\nwrong: é\r\nAt line:1/);
    expect(failing.stderr).not.toMatch(/CLIXML|<Objs|_x000D_/);
    expect((await run(machine, powershellCommand('exit 42'))).result).toEqual({ ended: 'exit', code: 42 });
  });

  test('a script of any length goes in as input', async () => {
    const long = `$all = ''\n${Array.from({ length: 2000 }, (_, n) => `$all += ${psQuote(`‘${n}’ it's\n`)}`).join('\n')}\n$all.Length`;
    const { command, stdin } = powershellProgram(long);
    expect(command.length).toBeLessThan(1000);
    const { stdout, result } = await run(machine, command, { stdin });
    expect(result).toEqual({ ended: 'exit', code: 0 });
    expect(Number(stdout)).toBe(Array.from({ length: 2000 }, (_, n) => `‘${n}’ it's\n`).join('').length);
  });

  test('one that is given up is ended, and what it started', async () => {
    const stop = new AbortController();
    let pids = '';
    const given = machine.exec(`sh -c 'sleep 300 >/dev/null & echo $! $$; wait'`, {
      signal: stop.signal,
      onOutput: (text) => {
        pids += text;
        if (pids.includes('\n')) stop.abort(new Error('enough'));
      },
    });
    await expect(given).rejects.toThrow('enough');
    for (const pid of pids.trim().split(' ').map(Number)) expect(isRunning(pid)).toBe(false);
    expect(server.actions.filter((action) => action === 'Signal').length).toBeGreaterThan(0);
    expect((await run(machine, 'echo still here')).stdout).toBe('still here\r\n');
  });

  test('a lost connection is told apart from an exit code, and the next command connects anew', async () => {
    const cut = await run(machine, 'sh -c "echo started; exec sleep 60"', { onOutput: () => void server.restart() });
    expect(cut.result).toEqual({ ended: 'disconnect' });
    expect((await run(machine, 'echo again')).stdout).toBe('again\r\n');
  });

  test('a machine that was restarted in silence is connected to anew', async () => {
    await server.restart();
    expect((await run(machine, 'echo again')).stdout).toBe('again\r\n');
  });

  test('a shell that the machine has ended is replaced', async () => {
    server.shells.clear();
    expect((await run(machine, 'echo new')).stdout).toBe('new\r\n');
  });

  test('a machine that stays silent is taken for lost', async () => {
    let cut = false;
    const link = await listener((socket) => {
      const to = net.connect(server.port, '127.0.0.1');
      to.on('error', () => undefined).once('close', () => socket.destroy());
      socket.once('close', () => to.destroy());
      socket.on('data', (data) => cut || to.write(data));
      to.on('data', (data) => cut || socket.write(data));
    });
    try {
      const far = await connect(targetOf(link), winrmContext({ clock: fastClock(10) }));
      const { result } = await run(far, 'sh -c "echo started; exec sleep 5"', { onOutput: () => (cut = true) });
      expect(result).toEqual({ ended: 'disconnect' });
    } finally {
      await link.stop();
    }
  });

  test('a message that is too large for the machine says what to do', async () => {
    const small = await new WsmanServer({ maxEnvelopeSize: 40_000 }).start();
    try {
      const there = await connect(targetOf(small));
      const error = await failureOf(run(there, 'cat', { stdin: Buffer.alloc(200_000) }));
      expect(error).toMatchObject({
        code: 'STEP_FAILED',
        hint: expect.stringContaining('`maxEnvelopeSize`') as string,
      });
      const fitting = await connect(targetOf(small, { maxEnvelopeSize: 30_000 }));
      expect((await run(fitting, 'wc -c', { stdin: Buffer.alloc(200_000) })).stdout.trim()).toBe('200000');
    } finally {
      await small.stop();
    }
  });

  test('what Windows cannot take is refused before it is sent', async () => {
    const long = await failureOf(run(machine, `echo ${'x'.repeat(9000)}`));
    expect(long.message).toContain('9005 characters');
    const user = await failureOf(run(machine, 'echo', { user: 'other' }));
    expect(user).toBeInstanceOf(GoldsmithError);
    expect(user.hint).toContain('elevatedUser');
  });
});

describe('files by WinRM', () => {
  const forever = new AbortController().signal;
  let server: WsmanServer;
  let machine: Communicator;
  let local: string;
  const remote = (name: string): string => path.join(server.machine.root, 'c/Data', name);
  const parts = (): string[] =>
    (fs.readdirSync(server.machine.root, { recursive: true }) as string[]).filter((name) =>
      name.includes('goldsmith-'),
    );
  beforeEach(async () => {
    server = await new WsmanServer({ downTime: 100 }).start();
    machine = await connect(targetOf(server));
    local = fs.mkdtempSync(path.join(server.machine.root, 'local-'));
    fs.mkdirSync(path.join(server.machine.root, 'c/Data'));
  });
  afterEach(async () => {
    await machine.close();
    await server.stop();
  });

  test('a file goes over whole, and comes back', async () => {
    const bytes = Buffer.from(Array.from({ length: 700_001 }, (_, n) => (n * 7) % 256));
    fs.writeFileSync(path.join(local, 'in'), bytes);
    const seen: number[] = [];
    const onProgress = ({ current }: { current: number }): void => void seen.push(current);
    await machine.uploadFile(path.join(local, 'in'), "C:\\Data\\it's ü.bin", { signal: forever, onProgress });
    expect(fs.readFileSync(remote("it's ü.bin")).equals(bytes)).toBe(true);
    expect(seen.at(-1)).toBe(700_001);
    await machine.downloadFile("c:/data/it's ü.bin", path.join(local, 'out'), { signal: forever });
    expect(fs.readFileSync(path.join(local, 'out')).equals(bytes)).toBe(true);
  });

  test('bytes, and nothing at all, replace what was there', async () => {
    await machine.uploadFile(Buffer.from('first'), 'C:/Data/one', { signal: forever });
    await machine.uploadFile(Buffer.alloc(0), 'C:/Data/one', { signal: forever });
    expect(fs.readFileSync(remote('one'), 'utf8')).toBe('');
    await machine.downloadFile('C:/Data/one', path.join(local, 'none'), { signal: forever });
    expect(fs.readFileSync(path.join(local, 'none'), 'utf8')).toBe('');
  });

  test('a folder goes over by one command, and comes back', async () => {
    fs.mkdirSync(path.join(local, 'tree/deep/er'), { recursive: true });
    fs.mkdirSync(path.join(local, 'tree/empty'));
    for (let n = 0; n < 60; n += 1) fs.writeFileSync(path.join(local, 'tree/deep', `${n}`), `file ${n}`);
    fs.writeFileSync(path.join(local, 'tree/deep/er/large'), Buffer.alloc(300_000, 'x'));
    server.machine.powershells = 0;
    await machine.uploadDirectory(path.join(local, 'tree'), 'C:\\Data\\tree\\', { signal: forever });
    expect(server.machine.powershells).toBe(1);
    await machine.downloadDirectory('C:\\Data\\tree', path.join(local, 'back'), { signal: forever });
    expect(spawnSync('diff', ['-r', path.join(local, 'tree'), remote('tree')]).status).toBe(0);
    expect(spawnSync('diff', ['-r', path.join(local, 'tree'), path.join(local, 'back')]).status).toBe(0);
  });

  test('what cannot be written or read says why, and leaves nothing', async () => {
    const nowhere = await failureOf(machine.uploadFile(Buffer.from('x'), 'C:/Nowhere/at/all', { signal: forever }));
    expect(nowhere).toMatchObject({ code: 'TRANSFER_FAILED', hint: 'the folder that it shall go to does not exist' });
    const folder = await failureOf(machine.uploadFile(Buffer.from('x'), 'C:/Data', { signal: forever }));
    expect(folder.message).toContain('is a folder');
    const missing = await failureOf(
      machine.downloadFile('C:/Data/missing', path.join(local, 'm'), { signal: forever }),
    );
    expect(missing.code).toBe('TRANSFER_FAILED');
    const gone = await failureOf(machine.uploadFile(path.join(local, 'gone'), 'C:/Data/gone', { signal: forever }));
    expect(gone.message).toContain('cannot be read');
    expect([parts(), fs.readdirSync(local)]).toEqual([[], []]);
  });

  test('the machine is killed in mid-upload: no half file, and a second try succeeds', async () => {
    fs.writeFileSync(path.join(local, 'large'), Buffer.alloc(4_000_000, 'large'));
    let killed = false;
    const onProgress = ({ current }: { current: number }): void => {
      if (current > 1e6 && !killed) void server.restart();
      killed ||= current > 1e6;
    };
    const upload = (): Promise<void> =>
      machine.uploadFile(path.join(local, 'large'), 'C:/Data/large', { signal: forever, onProgress });
    const error = await failureOf(upload());
    expect(error.code).toMatch(/CONNECTION_LOST|CONNECT_FAILED/);
    expect(fs.existsSync(remote('large'))).toBe(false);
    await upload();
    expect(fs.statSync(remote('large')).size).toBe(4_000_000);
    expect(parts()).toEqual([]);
  });

  test('one that is given up leaves nothing', async () => {
    fs.writeFileSync(path.join(local, 'large'), Buffer.alloc(4_000_000, 'large'));
    const stop = new AbortController();
    const onProgress = ({ current }: { current: number }): void => {
      if (current > 1e6) stop.abort(new Error('enough'));
    };
    await expect(
      machine.uploadFile(path.join(local, 'large'), 'C:/Data/large', { signal: stop.signal, onProgress }),
    ).rejects.toThrow('enough');
    expect([parts(), fs.existsSync(remote('large'))]).toEqual([[], false]);
  });

  test('names that lead out of the folder are not believed', async () => {
    server.machine.path = (name: string) =>
      path.join(server.machine.root, 'c/Data', name.replace(/^.*[\\/]Data[\\/]?/, ''));
    fs.writeFileSync(remote('..\\evil'), 'x');
    const error = await failureOf(machine.downloadDirectory('C:/Data', path.join(local, 'back'), { signal: forever }));
    expect(error).toMatchObject({ code: 'TRANSFER_FAILED' });
    expect(fs.readdirSync(local)).toEqual(['back']);
  });

  test('a large file is fetched from here by HTTP, once, where that is wanted', async () => {
    fs.writeFileSync(path.join(local, 'large'), Buffer.alloc(8_000_000, 'fetched'));
    const fetching = await connect(targetOf(server, { fileServer: {} }));
    await fetching.uploadFile(path.join(local, 'large'), 'C:/Data/large', { signal: forever });
    expect(fs.readFileSync(remote('large')).equals(Buffer.alloc(8_000_000, 'fetched'))).toBe(true);
    expect(Buffer.concat(server.bodies).length).toBeLessThan(100_000);
  });

  test('where the machine cannot reach us, it goes through WinRM, and that is said once', async () => {
    fs.writeFileSync(path.join(local, 'large'), Buffer.alloc(400_000, 'pushed'));
    const ctx = winrmContext();
    const fetching = await connect(
      targetOf(server, { fileServer: { host: '127.0.0.254', minimumSize: 1, port: 1 } }),
      ctx,
    );
    const other = await connect(targetOf(server, { fileServer: { host: 'nobody.invalid', minimumSize: 1 } }), ctx);
    for (const name of ['a', 'b'])
      await other.uploadFile(path.join(local, 'large'), `C:/Data/${name}`, { signal: forever });
    expect(fs.statSync(remote('b')).size).toBe(400_000);
    expect(ctx.warned).toEqual([expect.stringContaining('cannot fetch files from nobody.invalid')]);
    await fetching.close();
  });
});
