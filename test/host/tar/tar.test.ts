import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { makeEntry, type TarEntry } from '../../../lib/host/tar/entry';
import { FileBytes } from '../../../lib/host/tar/file-bytes';
import { readTar } from '../../../lib/host/tar/reader';
import { mergeLayers } from '../../../lib/platforms/sandbox/capture/merge';
import { normalise, toOverlay } from '../../../lib/host/tar/whiteouts';
import { encodeEntry, encodeHeader, END } from '../../../lib/host/tar/writer';

type Read = TarEntry & { readonly content: string };

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function readAll(source: AsyncIterable<Uint8Array>): Promise<Read[]> {
  const entries: Read[] = [];
  for await (const { entry, body } of readTar(source)) {
    const parts: Buffer[] = [];
    for await (const part of body()) parts.push(part);
    entries.push({ ...entry, content: Buffer.concat(parts).toString('latin1') });
  }
  return entries;
}

async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

const named = (entries: readonly Read[]): string[] => entries.map(({ name }) => name);

describe('tar', () => {
  let dir: string;
  beforeEach(() => (dir = fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-tar-'))));
  afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

  test.each(['gnu', 'pax', 'ustar'])('reads what GNU tar writes in its format %s', async (format) => {
    const long = format === 'ustar' ? `${'d'.repeat(60)}/${'f'.repeat(60)}` : `${'d'.repeat(120)}/${'f'.repeat(120)}`;
    fs.mkdirSync(path.join(dir, path.dirname(long)));
    fs.writeFileSync(path.join(dir, long), 'deep');
    fs.writeFileSync(path.join(dir, 'a'), 'x'.repeat(1000));
    fs.linkSync(path.join(dir, 'a'), path.join(dir, 'b'));
    fs.symlinkSync('a', path.join(dir, 'c'));
    fs.writeFileSync(Buffer.concat([Buffer.from(`${dir}/raw-`), Buffer.from([0xff, 0xfe])]), '');
    const bytes = execFileSync('tar', [
      '-c',
      `--format=${format}`,
      '--sort=name',
      '--owner=7',
      '--group=8',
      '-C',
      dir,
      '.',
    ]);
    for (const size of [1, 511, 4096, bytes.length]) {
      const entries = await readAll(chunks(bytes, size));
      const by = new Map(entries.map((entry) => [entry.name, entry]));
      expect(by.get('')).toMatchObject({ type: 'directory', uid: 7, gid: 8 });
      expect(by.get(long)).toMatchObject({ type: 'file', content: 'deep', mode: 0o644 });
      expect(by.get('a')).toMatchObject({ type: 'file', size: 1000, content: 'x'.repeat(1000) });
      expect(by.get('b')).toMatchObject({ type: 'link', linkname: 'a' });
      expect(by.get('c')).toMatchObject({ type: 'symlink', linkname: 'a' });
      expect(by.has('raw-\u00ff\u00fe')).toBe(true);
    }
  });

  test('GNU tar reads what it writes, and gets the same names, owners and attributes', () => {
    const name = `${'long/'.repeat(30)}\u00c3\u00bc`;
    const capability = Buffer.from([1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    const bytes = Buffer.concat([
      encodeEntry(
        makeEntry({ name, type: 'file', uid: 3_000_000, gid: 5, mtime: 1234, mode: 0o755 }),
        Buffer.from('hi'),
      ),
      encodeHeader(makeEntry({ name: 'ping', type: 'file', xattrs: new Map([['security.capability', capability]]) })),
      encodeHeader(makeEntry({ name: 'link', type: 'symlink', linkname: '/etc/'.repeat(40) })),
      END,
    ]);
    const listed = execFileSync(
      'tar',
      ['-tv', '--numeric-owner', '--xattrs', '--full-time', '--utc', '--quoting-style=literal', '-f', '-'],
      { input: bytes, env: { ...process.env, LC_ALL: 'C' } },
    ).toString('latin1');
    expect(listed).toContain('3000000/5');
    expect(listed).toContain(name);
    expect(listed).toContain('1970-01-01 00:20:34');
    expect(listed).toContain(`link -> ${'/etc/'.repeat(40)}`);
  });

  test('binary attributes come back as they were', async () => {
    const value = Buffer.from([0, 255, 10, 61, 128]);
    const bytes = Buffer.concat([
      encodeHeader(makeEntry({ name: 'x', type: 'file', xattrs: new Map([['security.capability', value]]) })),
      END,
    ]);
    const [entry] = await readAll(chunks(bytes, 100));
    expect(entry!.xattrs.get('security.capability')).toEqual(value);
  });

  test('the list of a file on disk is the same as that of a stream, and knows where contents begin', async () => {
    fs.writeFileSync(path.join(dir, 'one'), 'first');
    fs.writeFileSync(path.join(dir, 'two'), 'second');
    const file = path.join(dir, 'all.tar');
    execFileSync('tar', ['-cf', file, '-C', dir, 'one', 'two']);
    const handle = await fs.promises.open(file);
    const bytes = fs.readFileSync(file);
    const found: string[] = [];
    for await (const { entry, offset } of readTar(new FileBytes(handle)))
      found.push(bytes.toString('utf8', offset, offset + entry.size));
    await handle.close();
    expect(found).toEqual(['first', 'second']);
  });

  test.each([
    ['is no archive', Buffer.alloc(2048, 'nonsense'), /no tar archive/],
    [
      'is cut off',
      encodeEntry(makeEntry({ name: 'x', type: 'file' }), Buffer.alloc(5000)).subarray(0, 3000),
      /ends too early/,
    ],
  ])('says so when what it reads %s', async (_what, bytes, message) => {
    await expect(readAll(chunks(bytes, 700))).rejects.toThrow(message);
  });
});

describe('whiteouts', () => {
  const opaque = new Map([
    ['trusted.overlay.opaque', Buffer.from('y')],
    ['trusted.overlay.origin', Buffer.from('z')],
  ]);
  const device = (name: string): Buffer => encodeHeader(makeEntry({ name, type: 'char' }));

  test('of overlayfs become those of image layers, also where the kernel made them hard links', async () => {
    const bytes = Buffer.concat([
      encodeHeader(makeEntry({ name: 'etc', type: 'directory', xattrs: opaque, mtime: 99 })),
      device('etc/gone'),
      encodeHeader(makeEntry({ name: 'etc/gone-too', type: 'link', linkname: 'etc/gone' })),
      encodeEntry(makeEntry({ name: 'etc/new', type: 'file', mtime: 5 }), Buffer.from('text')),
      END,
    ]);
    const entries = await readAll(normalise(readTar(chunks(bytes, 300)), { epoch: 50, overlay: true }));
    expect(named(entries)).toEqual(['etc', 'etc/.wh..wh..opq', 'etc/.wh.gone', 'etc/.wh.gone-too', 'etc/new']);
    expect(entries.map(({ mtime }) => mtime)).toEqual([50, 50, 50, 50, 5]);
    expect(entries[0]!.xattrs.size).toBe(0);
    expect(entries[4]!.content).toBe('text');
  });

  test('of image layers become those of overlayfs', async () => {
    const bytes = Buffer.concat([
      encodeHeader(makeEntry({ name: 'etc', type: 'directory', mode: 0o700 })),
      encodeHeader(makeEntry({ name: 'etc/.wh..wh..opq', type: 'file' })),
      encodeHeader(makeEntry({ name: 'etc/.wh.gone', type: 'file' })),
      encodeHeader(makeEntry({ name: '.wh..wh.plnk', type: 'file' })),
      encodeEntry(makeEntry({ name: 'etc/kept', type: 'file' }), Buffer.from('text')),
      END,
    ]);
    const entries = await readAll(toOverlay(readTar(chunks(bytes, 300)), { xattr: 'user', devices: true }));
    expect(named(entries)).toEqual(['etc', 'etc', 'etc/gone', 'etc/kept']);
    expect(entries[1]).toMatchObject({ mode: 0o700 });
    expect(entries[1]!.xattrs.get('user.overlay.opaque')!.toString()).toBe('y');
    expect(entries[2]).toMatchObject({ type: 'char', major: 0, minor: 0 });
    expect(entries[3]!.content).toBe('text');
  });

  test('of several layers together hide what lies below, and nothing above', async () => {
    const layer = (...parts: Buffer[]): ReturnType<typeof readTar> =>
      readTar(chunks(Buffer.concat([...parts, END]), 512));
    const file = (name: string, content: string): Buffer =>
      encodeEntry(makeEntry({ name, type: 'file' }), Buffer.from(content));
    const folder = (name: string): Buffer => encodeHeader(makeEntry({ name, type: 'directory' }));
    const low = layer(
      folder('a'),
      file('a/one', 'low'),
      file('a/two', 'low'),
      folder('b'),
      file('b/x', 'low'),
      folder('c'),
      file('c/y', 'low'),
    );
    const high = layer(
      folder('a'),
      file('a/.wh.one', ''),
      file('a/two', 'high'),
      file('.wh.b', ''),
      folder('c'),
      file('c/.wh..wh..opq', ''),
    );
    const entries = await readAll(chunks(await bytesOf(mergeLayers([high, low])), 1000));
    expect(entries.map(({ name, content }) => `${name}=${content}`)).toEqual([
      'a=',
      'a/.wh.one=',
      'a/two=high',
      '.wh.b=',
      'c=',
      'c/.wh..wh..opq=',
    ]);
  });
});
