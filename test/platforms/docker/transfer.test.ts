import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describeIf } from '../../helpers/requires';
import { hasEngine, NO_ENGINE } from '../../helpers/docker';
import { Base, Build, fromId } from './fixture';

describeIf(hasEngine, NO_ENGINE, 'a transfer', () => {
  let base: Base;
  let build: Build;
  const signal = new AbortController().signal;
  beforeAll(async () => {
    base = await Base.make();
    build = await Build.start({ tmpfs: ['/memory:size=64m'], execUser: 'app' }, fromId(base.id));
  });
  afterAll(async () => {
    await build.end();
    await base.remove();
  });

  const local = (name: string): string => path.join(build.ctx.tempDir, name);
  const asRoot = async (command: string): Promise<string> => {
    let output = '';
    await build.on.exec(command, { signal, user: 'root', onOutput: (text) => (output += text) });
    return output;
  };

  describe('of a file', () => {
    test('to the container goes to exactly its path, with mode and owner', async () => {
      await build.on.uploadFile(Buffer.from('hello\n'), '/tmp/a file', { signal });
      await build.on.uploadFile(Buffer.from('#!/bin/sh\n'), '/tmp/$(odd) "name"', { signal, mode: 0o4755 });
      expect(await asRoot('cd /tmp; stat -c "%n %a %U:%g" *; cat "a file"')).toBe(
        '$(odd) "name" 4755 app:2345\na file 644 app:2345\nhello\n',
      );
    });

    test('keeps its own mode, is whole, and tells how far it is', async () => {
      const data = randomBytes(3_000_000);
      fs.writeFileSync(local('big'), data, { mode: 0o640 });
      const seen: number[] = [];
      await build.on.uploadFile(local('big'), '/tmp/big', {
        signal,
        onProgress: ({ current, total }) => void (total === 3_000_000 && seen.push(current)),
      });
      expect(await asRoot('stat -c "%a %s" /tmp/big; sha256sum </tmp/big')).toBe(
        `640 3000000\n${createHash('sha256').update(data).digest('hex')}  -\n`,
      );
      expect(seen.at(-1)).toBe(3_000_000);
      await build.on.downloadFile('/tmp/big', local('back'), { signal });
      expect(fs.readFileSync(local('back')).equals(data)).toBe(true);
      expect(fs.statSync(local('back')).mode & 0o777).toBe(0o640);
    });

    test('replaces a file and a link, and follows none', async () => {
      await asRoot('echo target >/tmp/target; ln -sf /tmp/target /tmp/link; echo old >/tmp/old');
      for (const name of ['link', 'old']) await build.on.uploadFile(Buffer.from('new'), `/tmp/${name}`, { signal });
      expect(await asRoot('cat /tmp/link /tmp/old /tmp/target; [ -L /tmp/link ] || echo no link')).toBe(
        'newnewtarget\nno link\n',
      );
    });

    test('that is empty arrives', async () => {
      await build.on.uploadFile(new Uint8Array(), '/tmp/empty', { signal });
      expect(await asRoot('stat -c %s /tmp/empty')).toBe('0\n');
    });

    test('to a folder, or into one that is not there, says so and leaves nothing', async () => {
      await expect(build.on.uploadFile(Buffer.from('x'), '/tmp', { signal })).rejects.toMatchObject({
        code: 'TRANSFER_FAILED',
        message: expect.stringContaining('/tmp is a directory') as string,
      });
      await expect(build.on.uploadFile(Buffer.from('x'), '/nowhere/x', { signal })).rejects.toThrow(/nowhere/);
      await expect(build.on.uploadFile(local('missing'), '/tmp/x', { signal })).rejects.toThrow(
        /missing cannot be read/,
      );
    });

    test('that is cancelled leaves no half of it, and what was there before', async () => {
      await asRoot('echo before >/tmp/half');
      const cancel = new AbortController();
      fs.writeFileSync(local('long'), Buffer.alloc(200_000_000));
      const failure = build.on.uploadFile(local('long'), '/tmp/half', {
        signal: cancel.signal,
        onProgress: ({ current }) => void (current > 1_000_000 && cancel.abort(new Error('stop'))),
      });
      await expect(failure).rejects.toThrow('stop');
      fs.rmSync(local('long'));
      expect(await asRoot('cat /tmp/half; ls -A /tmp | grep -c goldsmith || true')).toBe('before\n0\n');
    });

    test('that does not fit says that there is no space', async () => {
      const failure = build.on.uploadFile(Buffer.alloc(80_000_000), '/memory/big', { signal });
      await expect(failure).rejects.toMatchObject({ code: 'NO_SPACE' });
      expect(await asRoot('ls -A /memory')).toBe('');
    });

    test('to and from a mount in memory works, though the archive API does not see it', async () => {
      await build.on.uploadFile(Buffer.from('in memory'), '/memory/file', { signal });
      expect(await asRoot('cat /memory/file')).toBe('in memory');
      await build.on.downloadFile('/memory/file', local('memory'), { signal });
      expect(fs.readFileSync(local('memory'), 'utf8')).toBe('in memory');
    });

    test('of the kernel, which has no size, works', async () => {
      await build.on.downloadFile('/proc/version', local('version'), { signal });
      expect(fs.readFileSync(local('version'), 'utf8')).toContain('Linux');
    });

    test('from the container that is not there, or is a folder, leaves the local one', async () => {
      fs.writeFileSync(local('kept'), 'kept');
      await expect(build.on.downloadFile('/nope', local('kept'), { signal })).rejects.toMatchObject({
        code: 'TRANSFER_FAILED',
      });
      await expect(build.on.downloadFile('/etc', local('kept'), { signal })).rejects.toThrow(/is a directory/);
      await expect(build.on.downloadFile('/etc/passwd', build.ctx.tempDir, { signal })).rejects.toThrow(
        /is a directory/,
      );
      expect(fs.readFileSync(local('kept'), 'utf8')).toBe('kept');
      expect(fs.readdirSync(build.ctx.tempDir).filter((name) => name.endsWith('.part'))).toEqual([]);
    });

    test('can belong to root', async () => {
      const root = await Build.start({ user: 'app', fixUploadOwner: false }, fromId(base.id));
      try {
        await root.on.uploadFile(Buffer.from('x'), '/tmp/x', { signal });
        expect(await root.run('stat -c %u:%g /tmp/x')).toBe('0:0\n');
      } finally {
        await root.end();
      }
    });
  });

  describe('of a folder', () => {
    function tree(): string {
      const root = fs.mkdtempSync(local('tree-'));
      fs.mkdirSync(path.join(root, 'sub/deeper'), { recursive: true });
      fs.mkdirSync(path.join(root, 'private'), { mode: 0o700 });
      fs.writeFileSync(path.join(root, 'sub/run.sh'), '#!/bin/sh\necho ran\n', { mode: 0o755 });
      fs.writeFileSync(path.join(root, `sub/${'long'.repeat(40)}`), 'long');
      fs.writeFileSync(path.join(root, 'grüße 😀'), 'unicode');
      fs.writeFileSync(path.join(root, 'sub/deeper/big'), randomBytes(300_000));
      fs.symlinkSync('run.sh', path.join(root, 'sub/link'));
      fs.symlinkSync('/nowhere', path.join(root, 'dangling'));
      return root;
    }

    const list = (root: string): string[] =>
      (fs.readdirSync(root, { recursive: true }) as string[]).sort().map((name) => {
        const stat = fs.lstatSync(path.join(root, name));
        if (stat.isSymbolicLink()) return `${name} -> ${fs.readlinkSync(path.join(root, name))}`;
        const content = stat.isFile()
          ? createHash('md5')
              .update(fs.readFileSync(path.join(root, name)))
              .digest('hex')
          : 'folder';
        return `${name} ${(stat.mode & 0o777).toString(8)} ${content}`;
      });

    test.each(['/tmp/made/deep/tree', '/memory/tree'])('goes to %s and comes back the same', async (remote) => {
      const root = tree();
      const seen: number[] = [];
      await build.on.uploadDirectory(`${root}/`, remote, {
        signal,
        onProgress: ({ current }) => void seen.push(current),
      });
      expect(seen.at(-1)).toBeGreaterThan(300_000);
      expect(await asRoot(`sh ${remote}/sub/link; stat -c %U:%g ${remote}/sub`)).toBe('ran\napp:2345\n');
      await build.on.downloadDirectory(`${remote}/`, local(`back from${remote}`), { signal });
      expect(list(local(`back from${remote}`))).toEqual(list(root));
    });

    test('into one that is there adds to it, and leaves its mode and owner', async () => {
      const root = tree();
      await asRoot(
        'mkdir -p /tmp/there && chmod 711 /tmp/there && echo x >/tmp/there/mine && ln -s /tmp/there /tmp/through',
      );
      await build.on.uploadDirectory(root, '/tmp/through', { signal });
      expect(
        await asRoot(
          'stat -c "%a %U" /tmp/there; cat /tmp/there/mine; [ -L /tmp/through ] && ls /tmp/there/sub | grep -c .',
        ),
      ).toBe('711 root\nx\n4\n');
    });

    test('to a file, and from what is no folder, says so', async () => {
      const root = tree();
      await expect(build.on.uploadDirectory(root, '/etc/passwd', { signal })).rejects.toThrow(/is no directory/);
      await expect(build.on.uploadDirectory(local('nope'), '/tmp/z', { signal })).rejects.toThrow(/cannot be read/);
      await expect(build.on.downloadDirectory('/nope', local('z'), { signal })).rejects.toThrow(/no such directory/);
      await expect(build.on.downloadDirectory('/etc/passwd', local('z'), { signal })).rejects.toMatchObject({
        code: 'TRANSFER_FAILED',
      });
    });

    test('to where it cannot go leaves the container usable', async () => {
      fs.writeFileSync(local('in the way'), '');
      const failure = build.on.downloadDirectory('/bin', local('in the way/x'), { signal });
      await expect(failure).rejects.toMatchObject({ code: 'TRANSFER_FAILED' });
      expect(await build.run('echo usable')).toBe('usable\n');
    });

    test('that is cancelled stops', async () => {
      const root = tree();
      fs.writeFileSync(path.join(root, 'huge'), Buffer.alloc(300_000_000));
      const cancel = new AbortController();
      const failure = build.on.uploadDirectory(root, '/tmp/cancelled', {
        signal: cancel.signal,
        onProgress: () => cancel.abort(new Error('stop')),
      });
      await expect(failure).rejects.toThrow('stop');
      fs.rmSync(path.join(root, 'huge'));
      const again = new AbortController();
      const back = build.on.downloadDirectory('/bin', local('cancelled'), {
        signal: again.signal,
        onProgress: () => again.abort(new Error('stop')),
      });
      await expect(back).rejects.toThrow('stop');
    });

    test('never writes through a link that an earlier one brought', async () => {
      const outside = local('outside');
      fs.mkdirSync(outside);
      await asRoot(`mkdir /tmp/evil && ln -s ${outside} /tmp/evil/dir`);
      await build.on.downloadDirectory('/tmp/evil', local('evil'), { signal });
      await asRoot('rm /tmp/evil/dir && mkdir /tmp/evil/dir && echo x >/tmp/evil/dir/file');
      await build.on.downloadDirectory('/tmp/evil', local('evil'), { signal });
      expect(fs.readdirSync(outside)).toEqual([]);
      expect(fs.readFileSync(local('evil/dir/file'), 'utf8')).toBe('x\n');
    });
  });
});
