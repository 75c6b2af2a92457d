import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import { noCommunicator } from '../../lib/communicators/none';
import type { Progress } from '../../lib/extension';
import { isRunning, temporaryFolder, thisMachine } from '../provisioners/support';

const folder = temporaryFolder();
const machine = thisMachine(folder);
const { signal } = new AbortController();

async function exec(
  command: string,
  stdin?: string | Uint8Array | Readable,
): Promise<{ out: string; err: string; end: object }> {
  const text = { stdout: '', stderr: '' };
  const end = await machine.exec(command, {
    signal,
    ...(stdin !== undefined && { stdin }),
    onOutput: (piece, stream) => void (text[stream] += piece),
  });
  return { out: text.stdout, err: text.stderr, end };
}

describe('commands', () => {
  test('keep both streams apart and give the exit status', async () => {
    expect(await exec('echo out; echo err >&2; exit 5')).toEqual({
      out: 'out\n',
      err: 'err\n',
      end: { ended: 'exit', code: 5 },
    });
  });

  test('tell when a signal ended them', async () => {
    expect((await exec('kill -KILL $$')).end).toEqual({ ended: 'signal', signal: 'SIGKILL' });
  });

  test('find an empty standard input where there is none', async () => {
    expect((await exec('wc -c')).out.trim()).toBe('0');
  });

  test('read text, bytes and streams, five megabytes of them', async () => {
    const bytes = randomBytes(5 * 1024 * 1024);
    const sum = createHash('sha256').update(bytes).digest('hex');
    expect((await exec('sha256sum', bytes)).out).toContain(sum);
    expect((await exec('sha256sum', Readable.from([bytes]))).out).toContain(sum);
    expect((await exec('cat', 'größer')).out).toBe('größer');
  });

  test('may end before they have read everything', async () => {
    expect((await exec('exit 0', randomBytes(1024 * 1024))).end).toEqual({ ended: 'exit', code: 0 });
  });

  test('characters that are cut between two pieces arrive whole', async () => {
    expect((await exec("printf '\\303'; sleep 0.05; printf '\\244'")).out).toBe('ä');
  });

  test('start in the folder of the project, as another user where that is asked for', async () => {
    expect((await exec('pwd')).out).toBe(`${folder}\n`);
    const text: string[] = [];
    await machine.exec('id -un', { signal, user: 'nobody', onOutput: (piece) => text.push(piece) });
    expect(text.join('')).toBe('nobody\n');
  });

  test('end with all they started when they are cancelled, also what ignores SIGTERM', async () => {
    const controller = new AbortController();
    let pid = 0;
    const onOutput = (text: string): void => {
      pid = Number(text);
      controller.abort(new Error('stop'));
    };
    const stubborn = `trap '' TERM; echo $$; exec >/dev/null 2>&1; while :; do sleep 0.1; done`;
    await expect(machine.exec(stubborn, { signal: controller.signal, onOutput })).rejects.toThrow('stop');
    expect(isRunning(pid)).toBe(false);
  });

  test('do not start when the run is over', async () => {
    await expect(machine.exec('touch never', { signal: AbortSignal.abort(new Error('over')) })).rejects.toThrow('over');
    expect(fs.existsSync(path.join(folder, 'never'))).toBe(false);
  });
});

describe('transfers', () => {
  test('a file keeps its mode; bytes become readable for all; a mode may be given', async () => {
    fs.writeFileSync(path.join(folder, 'tool'), 'x', { mode: 0o755 });
    await machine.uploadFile(path.join(folder, 'tool'), 'copy', { signal });
    await machine.uploadFile(Buffer.from('bytes'), 'bytes', { signal });
    await machine.uploadFile(Buffer.from('secret'), 'secret', { signal, mode: 0o600 });
    const modes = ['copy', 'bytes', 'secret'].map((name) =>
      (fs.statSync(path.join(folder, name)).mode & 0o777).toString(8),
    );
    expect(modes).toEqual(['755', '644', '600']);
  });

  test('show their progress', async () => {
    const seen: Progress[] = [];
    await machine.uploadFile(randomBytes(200_000), 'big', { signal, onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toMatchObject({ current: 200_000, total: 200_000, unit: 'bytes' });
  });

  test('leave nothing half done', async () => {
    const before = fs.readdirSync(folder);
    await expect(machine.downloadFile('/no/such/file', path.join(folder, 'x'), { signal })).rejects.toMatchObject({
      code: 'TRANSFER_FAILED',
    });
    const controller = new AbortController();
    const stop = (): void => controller.abort(new Error('stop'));
    await expect(
      machine.uploadFile(path.join(folder, 'big'), 'half', { signal: controller.signal, onProgress: stop }),
    ).rejects.toThrow('stop');
    expect(fs.readdirSync(folder)).toEqual(before);
  });

  test('a folder cannot be copied into itself', async () => {
    fs.mkdirSync(path.join(folder, 'self'));
    await expect(machine.uploadDirectory(path.join(folder, 'self'), 'self/below', { signal })).rejects.toThrow(
      'into itself',
    );
  });
});

test('without a communicator everything that needs the machine is refused', async () => {
  const none = noCommunicator();
  await expect(none.exec('true', { signal })).rejects.toMatchObject({ code: 'STEP_FAILED' });
  await expect(none.uploadFile('a', 'b', { signal })).rejects.toThrow('communicator `none`');
  await none.close();
});
