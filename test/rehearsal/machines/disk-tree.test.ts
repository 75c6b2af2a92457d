import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { idleContext } from '../../../lib/engine/idle-context';
import { treeOfDisk } from '../../../lib/rehearsal/machines/disk-tree';
import { describeIf } from '../../helpers/requires';
import { lacksDiskTools, smallDisk } from '../small-disk';

const lacks = lacksDiskTools();

describeIf(lacks === undefined, lacks ?? '', 'the root of a raw disk', () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-disk-'));
  const root = path.join(dir, 'root');
  const tree = path.join(dir, 'tree');
  const ctx = (env: NodeJS.ProcessEnv = process.env) =>
    idleContext({ projectDir: dir, stateDir: dir, tempDir: dir, env });
  beforeAll(() => {
    fs.mkdirSync(path.join(root, 'etc'), { recursive: true });
    fs.writeFileSync(path.join(root, 'etc/motd'), 'hello\n');
    fs.symlinkSync('motd', path.join(root, 'etc/link'));
  });
  afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

  test.each(['gpt', 'dos', 'none'] as const)('is found by a table of kind %s', async (table) => {
    const disk = path.join(dir, `${table}.raw`);
    smallDisk(disk, root, { table, size: 16 });
    const before = fs.statSync(disk).mtimeMs;
    await treeOfDisk(disk, tree, ctx());
    expect(fs.readFileSync(path.join(tree, 'etc/link'), 'utf8')).toBe('hello\n');
    expect(fs.existsSync(`${tree}.mnt`)).toBe(false);
    expect(fs.statSync(disk).mtimeMs).toBe(before);
  });

  test('is read by debugfs where nothing may be mounted', async () => {
    const disk = path.join(dir, 'bare.raw');
    smallDisk(disk, root, { table: 'gpt', size: 16 });
    const tools = path.join(dir, 'tools');
    fs.mkdirSync(tools);
    fs.writeFileSync(
      path.join(tools, 'unshare'),
      '#!/bin/sh\necho "unshare failed: Operation not permitted" >&2; exit 1\n',
      { mode: 0o755 },
    );
    await treeOfDisk(disk, tree, ctx({ PATH: tools }));
    expect(fs.readFileSync(path.join(tree, 'etc/motd'), 'utf8')).toBe('hello\n');
  });

  test('is told missing where there is none, with what the disk has', async () => {
    const empty = path.join(dir, 'empty.raw');
    fs.writeFileSync(empty, Buffer.alloc(1024 ** 2));
    await expect(treeOfDisk(empty, tree, ctx())).rejects.toThrow(
      'the disk has no file system that a system starts from',
    );
    const data = path.join(dir, 'data.raw');
    fs.mkdirSync(path.join(dir, 'data'));
    smallDisk(data, path.join(dir, 'data'), { table: 'dos', size: 16 });
    await expect(treeOfDisk(data, tree, ctx())).rejects.toThrow(
      /none of the disk's file systems has \/etc.*ext4 of 13631488 bytes at 2097152/,
    );
    expect(fs.existsSync(tree)).toBe(false);
  });
});
