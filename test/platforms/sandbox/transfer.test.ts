import * as fs from 'node:fs';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import { describeIf } from '../../helpers/requires';
import { isRoot } from './able';
import { Project, type Sandbox } from './builder';

describeIf(isRoot, 'it needs Linux and root', 'copying', () => {
  let project: Project;
  let sandbox: Sandbox;
  let dir: string;
  const options = { signal: new AbortController().signal };
  beforeAll(async () => {
    project = await Project.make();
    sandbox = await project.launch();
    dir = path.join(project.dir, 'files');
    fs.mkdirSync(dir);
  });
  afterAll(() => project.remove());

  const local = (name: string, content: string | Buffer, mode = 0o644): string => {
    const file = path.join(dir, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
    fs.chmodSync(file, mode);
    return file;
  };

  test('a file keeps its bytes and its mode, there and back', async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256));
    const progress: number[] = [];
    await sandbox.communicator.uploadFile(local('data', bytes, 0o750), '/tmp/data', {
      ...options,
      onProgress: ({ current }) => progress.push(current),
    });
    expect(await sandbox.ok('stat -c "%a %u %s" /tmp/data')).toBe('750 0 300000\n');
    expect(progress.at(-1)).toBe(300_000);
    await sandbox.communicator.downloadFile('/tmp/data', path.join(dir, 'back'), options);
    expect(fs.readFileSync(path.join(dir, 'back')).equals(bytes)).toBe(true);
  });

  test('bytes get mode 0644, and the mode that is given', async () => {
    await sandbox.communicator.uploadFile(Buffer.from('a'), '/tmp/a', options);
    await sandbox.communicator.uploadFile(Buffer.from('b'), '/tmp/b', { ...options, mode: 0o600 });
    expect(await sandbox.ok('stat -c %a /tmp/a /tmp/b')).toBe('644\n600\n');
  });

  test('a file that is there is replaced at once', async () => {
    await sandbox.ok('echo old > /tmp/over; ln /tmp/over /tmp/other');
    await sandbox.communicator.uploadFile(Buffer.from('new'), '/tmp/over', options);
    expect(await sandbox.ok('cat /tmp/over /tmp/other')).toBe('newold\n');
  });

  test.each([
    ['into a folder that is missing', '/no/such/file', /the folder \/no\/such is not there/],
    ['to what is a folder', '/tmp', /\/tmp is a folder/],
    ['to a file of the sandbox itself', '/etc/hosts', /busy/],
  ])('a copy %s fails, says so and leaves nothing', async (_what, remote, message) => {
    const copying = sandbox.communicator.uploadFile(Buffer.from('x'), remote, options);
    await expect(copying).rejects.toMatchObject({ code: 'TRANSFER_FAILED', message: expect.stringMatching(message) });
    expect(await sandbox.ok('ls -d /etc/*goldsmith* /tmp.goldsmith* 2>/dev/null || echo none')).toBe('none\n');
  });

  test('a copy that is cancelled leaves no half file', async () => {
    const controller = new AbortController();
    const slow = path.join(dir, 'slow');
    fs.writeFileSync(slow, Buffer.alloc(50_000_000));
    const copying = sandbox.communicator.uploadFile(slow, '/tmp/slow', {
      signal: controller.signal,
      onProgress: ({ current }) => current > 1_000_000 && controller.abort(new Error('enough')),
    });
    await expect(copying).rejects.toThrow();
    expect(await sandbox.ok('ls /tmp | grep slow || echo none')).toBe('none\n');
  });

  test('a folder keeps modes and links, and folders that are there stay as they are', async () => {
    local('tree/bin/tool', '#!/bin/sh\necho tool', 0o755);
    local('tree/etc/deep/file', 'deep');
    fs.symlinkSync('file', path.join(dir, 'tree/etc/deep/link'));
    fs.chmodSync(path.join(dir, 'tree'), 0o700);
    const before = await sandbox.ok('stat -c "%a %F" / /etc; readlink /bin || :');
    await sandbox.communicator.uploadDirectory(path.join(dir, 'tree'), '/', options);
    expect(await sandbox.ok('stat -c "%a %F" / /etc; readlink /bin || :')).toBe(before);
    expect(await sandbox.ok('tool; cat /etc/deep/link; stat -c "%U %F" /etc/deep/link')).toBe(
      'tool\ndeeproot symbolic link\n',
    );
  });

  test('a folder comes back with what is in it, but devices and setuid bits', async () => {
    await sandbox.ok(
      'mkdir -p /srv/out/sub; echo 1 > /srv/out/sub/one; ln -s sub/one /srv/out/link; cp /bin/true /srv/out/su; chmod 4755 /srv/out/su; chown 5:5 /srv/out/su',
    );
    await sandbox.ok('echo x > /srv/out/hard; ln /srv/out/hard /srv/out/hard2');
    const target = path.join(dir, 'fetched');
    await sandbox.communicator.downloadDirectory('/srv/out', target, options);
    expect(fs.readFileSync(path.join(target, 'link'), 'utf8')).toBe('1\n');
    expect(fs.readFileSync(path.join(target, 'hard2'), 'utf8')).toBe('x\n');
    const { mode, uid } = fs.statSync(path.join(target, 'su'));
    expect([mode & 0o7777, uid]).toEqual([0o755, 0]);
  });

  test('what is missing in the machine is said, and nothing is made here', async () => {
    const target = path.join(dir, 'never');
    await expect(sandbox.communicator.downloadFile('/nowhere', target, options)).rejects.toThrow(/No such file/);
    expect(fs.readdirSync(dir).filter((name) => name.startsWith('never'))).toEqual([]);
  });

  test('a link of the machine never leads out of it', async () => {
    const victim = local('victim', 'untouched');
    const outside = path.join(dir, 'outside');
    fs.mkdirSync(outside);
    // Links with this machine's own paths, as a hostile image may hold them: a file, a folder, and a whole tree upwards.
    await sandbox.ok(
      `mkdir -p ${dir}; ln -s ${victim} /tmp/evil; ln -s ${outside} /tmp/folder; ln -s ../../../../../../.. /tmp/up`,
    );
    await sandbox.communicator.uploadFile(Buffer.from('evil'), '/tmp/evil', options);
    await sandbox.communicator.uploadDirectory(path.join(dir, 'tree'), '/tmp/folder', options).catch(() => undefined);
    await sandbox.communicator
      .uploadFile(Buffer.from('evil'), `/tmp/up${outside}/file`, options)
      .catch(() => undefined);
    expect(fs.readFileSync(victim, 'utf8')).toBe('untouched');
    expect(fs.readdirSync(outside)).toEqual([]);
    await sandbox.ok(`rm -rf ${dir}; ln -s /etc/shadow /tmp/shadow`);
    await expect(sandbox.communicator.downloadFile('/tmp/shadow', path.join(dir, 'stolen'), options)).rejects.toThrow(
      /No such file/,
    );
    expect(fs.readFileSync(victim, 'utf8')).toBe('untouched');
  });

  test('input may be a stream', async () => {
    let out = '';
    await sandbox.communicator.exec('cat', {
      ...options,
      stdin: Readable.from(['one ', 'two']),
      onOutput: (text) => (out += text),
    });
    expect(out).toBe('one two');
  });
});
