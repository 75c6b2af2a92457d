import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import type { Pack } from 'tar-stream';
import { unpackEntries } from '../../lib/util/tar/unpack';

let dir: string;
beforeEach(() => (dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-tar-'))));
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

function archive(fill: (pack: Pack) => void): Readable {
  const { pack } = require('tar-stream') as typeof import('tar-stream');
  const made = pack();
  fill(made);
  made.finalize();
  return Readable.from(made as AsyncIterable<Buffer>, { objectMode: false });
}

const unpack = (fill: (pack: Pack) => void) => unpackEntries(archive(fill), path.join(dir, 'to'), () => undefined);

describe('an archive from a machine', () => {
  test('cannot name anything outside of the folder', async () => {
    await unpack((pack) => {
      pack.entry({ name: '../out' }, 'x');
      pack.entry({ name: '/absolute' }, 'x');
      pack.entry({ name: 'a/../../out' }, 'x');
    });
    expect(fs.readdirSync(dir)).toEqual(['to']);
    expect(fs.readdirSync(path.join(dir, 'to'))).toEqual(['absolute']);
  });

  test('cannot write through its own links', async () => {
    fs.mkdirSync(path.join(dir, 'victim'));
    fs.writeFileSync(path.join(dir, 'victim/secret'), 'safe', { mode: 0o600 });
    await unpack((pack) => {
      pack.entry({ name: 'a', type: 'symlink', linkname: '../victim' }, '');
      pack.entry({ name: 'a/secret' }, 'changed');
      pack.entry({ name: 'b', type: 'directory' }, '');
      pack.entry({ name: 'b', type: 'symlink', linkname: '../victim' }, '');
      pack.entry({ name: 'b/new' }, 'x');
      pack.entry({ name: 'c', type: 'symlink', linkname: '../victim/secret' }, '');
      pack.entry({ name: 'd', type: 'link', linkname: 'c' }, '');
      pack.entry({ name: 'e', type: 'directory', mode: 0o777 }, '');
      pack.entry({ name: 'e', type: 'symlink', linkname: '../victim' }, '');
    });
    expect(fs.readdirSync(path.join(dir, 'victim'))).toEqual(['secret']);
    expect(fs.readFileSync(path.join(dir, 'victim/secret'), 'utf8')).toBe('safe');
    expect(fs.statSync(path.join(dir, 'victim')).mode & 0o777).not.toBe(0o777);
    expect(fs.existsSync(path.join(dir, 'to/d'))).toBe(false);
  });

  test('keeps hard links, drops set-user-id, passes devices by', async () => {
    await unpack((pack) => {
      pack.entry({ name: 'file', mode: 0o4755 }, 'x');
      pack.entry({ name: 'other', type: 'link', linkname: 'file' }, '');
      pack.entry({ name: 'null', type: 'character-device', devmajor: 1, devminor: 3 }, '');
      pack.entry({ name: 'closed', type: 'directory', mode: 0o500 }, '');
      pack.entry({ name: 'closed/in', mode: 0o400 }, 'y');
    });
    const stat = fs.statSync(path.join(dir, 'to/file'));
    expect([stat.mode & 0o7777, stat.nlink]).toEqual([0o755, 2]);
    expect(fs.readdirSync(path.join(dir, 'to')).sort()).toEqual(['closed', 'file', 'other']);
    expect(fs.statSync(path.join(dir, 'to/closed')).mode & 0o777).toBe(0o500);
  });

  test('that breaks off is an error', async () => {
    const parts: Buffer[] = [];
    for await (const part of archive((pack) => pack.entry({ name: 'f' }, 'x'.repeat(5000)))) parts.push(part as Buffer);
    const whole = Buffer.concat(parts);
    await expect(unpackEntries(Readable.from([whole.subarray(0, 2000)]), dir, () => undefined)).rejects.toThrow();
    const broken = new Readable({
      read() {
        this.push(whole.subarray(0, 2000));
        this.destroy(new Error('cut'));
      },
    });
    await expect(unpackEntries(broken, dir, () => undefined)).rejects.toThrow(/cut|end/i);
  });
});
