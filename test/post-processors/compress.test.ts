import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as zlib from 'node:zlib';
import type { Artifact, ProcessContext } from '../../lib/extension';
import { compress, type CompressConfig } from '../../lib/post-processors/compress';
import { formatOf } from '../../lib/post-processors/compress/format';
import { zip, type ZipEntry } from '../../lib/post-processors/compress/zip';
import { describeIf } from '../helpers/requires';
import { filesArtifact, IMAGE, processContext, temporaryFolder, type TestProcessContext } from './support';

const root = temporaryFolder();
let folder: string;

/** Text that compresses, then noise that does not: several blocks of the parallel compressor. */
const DATA = Buffer.concat([Buffer.from('goldsmith '.repeat(250_000)), randomBytes(700_001), Buffer.alloc(1_000_000)]);

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(root, 'z-'));
  fs.mkdirSync(path.join(folder, 'artifacts/tree/empty'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'artifacts/disk.img'), DATA);
  fs.writeFileSync(path.join(folder, 'artifacts/tree/run.sh'), '#!/bin/sh\n', { mode: 0o755 });
  fs.writeFileSync(path.join(folder, 'artifacts/tree/größe.txt'), 'x');
  fs.symlinkSync('run.sh', path.join(folder, 'artifacts/tree/link'));
});

async function run(
  config: CompressConfig,
  names: readonly string[] = ['artifacts/disk.img'],
  changes: Partial<ProcessContext> = {},
): Promise<{ artifact: Artifact; ctx: TestProcessContext }> {
  const input = filesArtifact(folder, ...names);
  const ctx = processContext(folder, [input], changes);
  try {
    return { artifact: (await compress.run(config, [input], ctx))!, ctx };
  } finally {
    ctx.end();
  }
}

const at = (name: string): string => path.join(folder, name);
const tool = (command: string, ...args: string[]): Buffer =>
  execFileSync(command, args, { cwd: folder, maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] });
const has = (command: string): boolean =>
  (process.env['PATH'] ?? '').split(':').some((one) => fs.existsSync(path.join(one, command)));

describe('one file', () => {
  test('gzip makes one member that gzip opens, the same every time', async () => {
    const { artifact, ctx } = await run({ output: 'disk.img.gz' });
    expect(tool('gzip', '-dc', 'disk.img.gz').equals(DATA)).toBe(true);
    expect(tool('gzip', '-l', 'disk.img.gz').toString()).toContain(String(DATA.length));
    const bytes = fs.readFileSync(at('disk.img.gz'));
    expect(artifact.files).toEqual([
      { path: 'disk.img.gz', size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') },
    ]);
    expect(artifact).toMatchObject({ use: 'compress', kind: 'files', outputs: { path: 'disk.img.gz' } });
    expect(ctx.progressed.at(-1)).toMatchObject({ current: DATA.length, total: DATA.length });
    await run({ output: 'again.gz' });
    expect(fs.readFileSync(at('again.gz')).equals(bytes)).toBe(true);
  });

  test('gzip is about as small as the tool makes it', async () => {
    await run({ output: 'ours.gz', compressionLevel: 9 });
    const theirs = tool('gzip', '-9c', 'artifacts/disk.img').length;
    expect(fs.statSync(at('ours.gz')).size / theirs).toBeLessThan(1.02);
  });

  for (const [command, ending] of Object.entries({ zstd: 'zst', bzip2: 'bz2', lz4: 'lz4', xz: 'xz' })) {
    describeIf(has(command), `there is no command ${command}`, command, () => {
      test('is opened by the tool, also as a tar', async () => {
        await run({ output: `disk.${ending}`, compressionLevel: 3 });
        expect(tool(command, '-dc', `disk.${ending}`).equals(DATA)).toBe(true);
        await run({ output: `all.tar.${ending}` }, ['artifacts/tree']);
        const listed = tool('sh', '-c', `${command} -dc all.tar.${ending} | tar -tf -`).toString();
        expect(listed).toContain('artifacts/tree/run.sh\n');
      });
    });
  }

  test('bgzf has the blocks and the end that its readers look for', async () => {
    await run({ output: 'disk.bgzf' });
    const bytes = fs.readFileSync(at('disk.bgzf'));
    expect(zlib.gunzipSync(bytes).equals(DATA)).toBe(true);
    let blocks = 0;
    for (let offset = 0; offset < bytes.length; blocks += 1) {
      expect(bytes.subarray(offset, offset + 4).toString('hex')).toBe('1f8b0804');
      expect(bytes.subarray(offset + 12, offset + 16).toString('hex')).toBe('42430200');
      offset += bytes.readUInt16LE(offset + 16) + 1;
    }
    expect(blocks).toBe(Math.ceil(DATA.length / 0xff00) + 1);
  });

  test.each([0, 1, 9])('level %d', async (compressionLevel) => {
    await run({ output: 'disk.gz', compressionLevel });
    expect(zlib.gunzipSync(fs.readFileSync(at('disk.gz'))).equals(DATA)).toBe(true);
  });

  test('an empty file', async () => {
    fs.writeFileSync(at('empty'), '');
    await run({ output: 'empty.gz' }, ['empty']);
    expect(tool('gzip', '-dc', 'empty.gz')).toHaveLength(0);
  });
});

describe('archives', () => {
  const ALL = ['artifacts/disk.img', 'artifacts/tree'];

  test.each(['tar', 'tar.gz', 'tgz'])('%s is opened by tar, with permissions and links', async (ending) => {
    await run({ output: `all.${ending}` }, ALL);
    fs.mkdirSync(at('out'));
    tool('tar', '-xf', `all.${ending}`, '-C', 'out');
    expectAll();
  });

  describeIf(has('unzip'), 'there is no command unzip', 'zip', () => {
    test('is opened by unzip, with permissions, links and names', async () => {
      await run({ output: 'all.zip' }, ALL);
      expect(tool('unzip', '-tq', 'all.zip').toString()).toContain('No errors detected');
      tool('unzip', '-q', 'all.zip', '-d', 'out');
      expectAll();
    });

    test('may be chosen by `format`', async () => {
      await run({ output: 'noending', format: 'zip' }, ALL);
      expect(tool('unzip', '-l', 'noending').toString()).toContain('artifacts/disk.img');
    });
  });

  function expectAll(): void {
    expect(fs.readFileSync(at('out/artifacts/disk.img')).equals(DATA)).toBe(true);
    expect(fs.statSync(at('out/artifacts/tree/run.sh')).mode & 0o777).toBe(0o755);
    expect(fs.readlinkSync(at('out/artifacts/tree/link'))).toBe('run.sh');
    expect(fs.readdirSync(at('out/artifacts/tree')).sort()).toEqual(['empty', 'größe.txt', 'link', 'run.sh']);
  }

  test('no name leads out of where the archive is unpacked', async () => {
    fs.writeFileSync(path.join(root, 'outside'), 'o');
    fs.writeFileSync(path.join(root, 'above'), 'a');
    await run({ output: 'x.tar' }, [path.join(root, 'outside'), '../above']);
    expect(tool('tar', '-tf', 'x.tar').toString()).toBe(`${root.slice(1)}/outside\nabove\n`);
  });

  test('what a name does not say becomes a tar.gz', async () => {
    await run({ output: 'noending' }, ALL);
    expect(tool('tar', '-tzf', 'noending').toString()).toContain('artifacts/disk.img');
    await run({ output: 'noending.tar', format: 'gz' }, ALL);
    expect(tool('tar', '-tzf', 'noending.tar').toString()).toContain('artifacts/disk.img');
    await run({}, ALL);
    expect(fs.existsSync(at('artifacts/web-docker.tar.gz'))).toBe(true);
  });
});

describeIf(has('unzip') && has('python3'), 'there is no unzip or no python3', 'the 64-bit form of zip', () => {
  const write = async (entries: Iterable<ZipEntry>, limit?: number): Promise<void> => {
    const file = fs.openSync(at('big.zip'), 'w');
    for await (const chunk of zip(entries, -1, limit)) fs.writeSync(file, chunk);
    fs.closeSync(file);
  };
  const entry = (name: string, content: string): ZipEntry => ({
    name,
    mode: 0o100644,
    modified: new Date('1971-05-05T10:20:30Z'),
    size: content.length,
    async *content() {
      yield await Promise.resolve(Buffer.from(content));
    },
  });
  const names = 'import zipfile; z = zipfile.ZipFile("big.zip"); assert z.testzip() is None; print(len(z.namelist()))';

  test('sizes and offsets that do not fit', async () => {
    await write([entry('a', 'x'.repeat(5000)), entry('b', 'y'), entry('c', 'z'.repeat(3000))], 2000);
    expect(tool('unzip', '-tq', 'big.zip').toString()).toContain('No errors detected');
    expect(tool('python3', '-c', names).toString()).toBe('3\n');
  });

  test('more files than fit', async () => {
    await write(Array.from({ length: 70_000 }, (_, index) => entry(`f${index}`, '')));
    expect(tool('python3', '-c', names).toString()).toBe('70000\n');
  });
});

describe('what it refuses', () => {
  test('several files without an archive', async () => {
    await expect(run({ output: 'x.gz' }, ['artifacts/disk.img', 'artifacts/tree/run.sh'])).rejects.toMatchObject({
      code: 'INCOMPATIBLE_INPUT',
      hint: expect.stringContaining('.tar.gz') as string,
    });
  });

  test('an artifact without files, its own input as output, a level that the format does not know', async () => {
    await expect(compress.run({}, [IMAGE], processContext(folder, [IMAGE]))).rejects.toMatchObject({
      code: 'INCOMPATIBLE_INPUT',
    });
    await expect(run({ output: 'artifacts/disk.img', format: 'gz' })).rejects.toThrow('the file to be packed');
    await expect(run({ output: 'x.gz', compressionLevel: 15 })).rejects.toThrow('gzip goes to 9');
    await run({ output: 'x.zst', compressionLevel: 15 });
  });

  test('a tool that is not there is named, with how to install it', async () => {
    await expect(run({ output: 'x.bz2' }, undefined, { env: { PATH: folder } })).rejects.toMatchObject({
      code: 'MISSING_DEPENDENCY',
      hint: expect.stringContaining('apt-get install bzip2') as string,
    });
    const ctx = processContext(folder, [], { env: { PATH: folder } });
    const asked = (config: CompressConfig): unknown => compress.preflight!(config, ctx);
    expect(await asked({ output: '{{.BuildName}}.bz2' })).toMatchObject([{ code: 'MISSING_DEPENDENCY' }]);
    expect(await asked({ output: 'x', format: 'tar.xz' })).toMatchObject([{ code: 'MISSING_DEPENDENCY' }]);
    expect(await asked({ output: 'x.gz' })).toEqual([]);
  });

  test('a tool that fails', async () => {
    fs.writeFileSync(at('xz'), '#!/bin/sh\necho "no memory" >&2\nexit 3\n', { mode: 0o755 });
    await expect(
      run({ output: 'x.xz' }, undefined, { env: { PATH: `${folder}:/usr/bin:/bin` } }),
    ).rejects.toMatchObject({
      message: 'xz ended with exit status 3',
      output: 'no memory',
    });
  });

  test.each(['x.gz', 'x.xz', 'x.zip', 'x.tar'])('cancelling ends it: %s', async (output) => {
    const controller = new AbortController();
    const progress = (): void => controller.abort(new Error('stop'));
    await expect(run({ output }, ['artifacts/disk.img'], { signal: controller.signal, progress })).rejects.toThrow(
      'stop',
    );
    expect(fs.existsSync(at(output))).toBe(false);
  });
});

test.each([
  ['a.tar.gz', { archive: 'tar', algorithm: 'gzip' }],
  ['a.b.TAR.XZ', { archive: 'tar', algorithm: 'xz' }],
  ['a.tzst', { archive: 'tar', algorithm: 'zstd' }],
  ['dir.zip/a.img.gz', { algorithm: 'gzip' }],
  ['a.zip', { archive: 'zip' }],
  ['gz', { archive: 'tar', algorithm: 'gzip' }],
  ['a.unknown', { archive: 'tar', algorithm: 'gzip' }],
  ['a.bgzf', { algorithm: 'bgzf' }],
])('the name %s stands for %j', (name, format) => {
  expect(formatOf(name)).toEqual(format);
});
