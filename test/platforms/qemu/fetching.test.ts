import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { gzipSync } from 'node:zlib';
import { idleContext } from '../../../lib/engine/idle-context';
import type { RunContext } from '../../../lib/extension';
import { bring, resolveChecksum } from '../../../lib/platforms/qemu/image/bring';
import { findInList, parseChecksum, problemWithChecksum } from '../../../lib/platforms/qemu/image/checksum';
import { describeIf } from '../../helpers/requires';
import { has, makeFolder } from './tools';

const DISK = randomBytes(300_000);
const SUM = `sha256:${createHash('sha256').update(DISK).digest('hex')}`;

let dir: string;
let images: string;
let server: http.Server;
let origin: string;
let requests: string[];
/** How many bytes an answer has before the connection breaks; none: it is whole. */
let breaksAfter: number[];
let served: Buffer;

beforeEach(async () => {
  dir = makeFolder();
  images = path.join(dir, 'images');
  requests = [];
  breaksAfter = [];
  served = DISK;
  server = http.createServer((request, response) => {
    requests.push(`${request.url} ${request.headers.range ?? ''}`.trim());
    if (request.url === '/SHA256SUMS')
      return void response.end(`${SUM.slice(7)}  other.img\n${SUM.slice(7)} *disk.img\n`);
    if (request.url === '/missing') return void response.writeHead(404).end();
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const rest = served.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': rest.length });
    const limit = breaksAfter.shift();
    if (limit === undefined) response.end(rest);
    else response.write(rest.subarray(0, limit), () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  fs.rmSync(dir, { recursive: true, force: true });
});

function context(): RunContext {
  const clock = { now: () => Date.now(), sleep: () => Promise.resolve() };
  const stateDir = path.join(dir, 'state');
  const signal = new AbortController().signal;
  return { ...idleContext({ projectDir: dir, stateDir, tempDir: dir, env: process.env, signal }), clock };
}

const wanted = (...places: string[]): { places: string[]; prop: 'image' } => ({ places, prop: 'image' });

describe('an image from the network', () => {
  test('is downloaded once, checked, and kept by its checksum', async () => {
    const file = await bring(wanted(`${origin}/disk.img`), SUM, images, context());
    expect(fs.readFileSync(file).equals(DISK)).toBe(true);
    await expect(bring(wanted(`${origin}/disk.img`), SUM, images, context())).resolves.toBe(file);
    expect(requests).toEqual(['/disk.img']);
  });

  test('is taken up again where the connection broke', async () => {
    breaksAfter = [100_000, 50_000];
    const file = await bring(wanted(`${origin}/disk.img`), SUM, images, context());
    expect(fs.readFileSync(file).equals(DISK)).toBe(true);
    expect(requests).toHaveLength(3);
    expect(requests.slice(1).every((line) => line.includes('bytes='))).toBe(true);
  });

  test('that an earlier run has begun with is fetched anew where it turns out to be another', async () => {
    fs.mkdirSync(images, { recursive: true });
    fs.writeFileSync(path.join(images, `${SUM.replace(':', '-')}.part`), 'something else');
    const file = await bring(wanted(`${origin}/disk.img`), SUM, images, context());
    expect(fs.readFileSync(file).equals(DISK)).toBe(true);
  });

  test('that is not what it should be is refused, and not kept', async () => {
    served = Buffer.concat([DISK.subarray(0, 299_000), Buffer.alloc(1000)]);
    await expect(bring(wanted(`${origin}/disk.img`), SUM, images, context())).rejects.toThrow(
      /is not what it should be: its checksum is sha256:/,
    );
    expect(fs.readdirSync(images)).toEqual([]);
  });

  test('is had from the next place where the first has none', async () => {
    const file = await bring(wanted(`${origin}/missing`, `${origin}/disk.img`), SUM, images, context());
    expect(fs.readFileSync(file).equals(DISK)).toBe(true);
    await expect(bring(wanted(`${origin}/missing`), `sha256:${'0'.repeat(64)}`, images, context())).rejects.toThrow(
      /cannot be fetched: the server answers 404/,
    );
  });

  test("has its checksum in a list, or is taken as it is with 'none'", async () => {
    await expect(
      resolveChecksum(wanted(`${origin}/disk.img`), `file:${origin}/SHA256SUMS`, images, context()),
    ).resolves.toBe(SUM);
    await expect(resolveChecksum(wanted(`${origin}/disk.img`), 'none', images, context())).resolves.toBe(SUM);
    await bring(wanted(`${origin}/disk.img`), SUM, images, context());
    expect(requests).toEqual(['/SHA256SUMS', '/disk.img']);
  });
});

describe('an image of the project', () => {
  test('is used where it lies', async () => {
    fs.writeFileSync(path.join(dir, 'disk.img'), DISK);
    await expect(bring(wanted('disk.img'), SUM, images, context())).resolves.toBe(path.join(dir, 'disk.img'));
  });

  test('that was cut off or changed is refused', async () => {
    fs.writeFileSync(path.join(dir, 'disk.img'), DISK.subarray(0, 1000));
    await expect(bring(wanted('disk.img'), SUM, images, context())).rejects.toThrow(/expected is sha256:/);
    await expect(bring(wanted('gone.img'), SUM, images, context())).rejects.toThrow(/there is no such file/);
  });

  test('that is compressed with gzip is unpacked once', async () => {
    const packed = gzipSync(DISK);
    fs.writeFileSync(path.join(dir, 'disk.img.gz'), packed);
    const sum = `sha512:${createHash('sha512').update(packed).digest('hex')}`;
    const file = await bring(wanted('disk.img.gz'), sum, images, context());
    expect(fs.readFileSync(file).equals(DISK)).toBe(true);
    fs.rmSync(path.join(dir, 'disk.img.gz'));
    await expect(bring(wanted('disk.img.gz'), sum, images, context())).resolves.toBe(file);
  });
});

describe.each(['xz', 'zstd'])('an image compressed with %s', (tool) => {
  describeIf(has(tool), `it needs ${tool}`, 'with its tool', () => {
    test('is unpacked, and refused where it is damaged', async () => {
      const packed = execFileSync(tool, ['-c'], { input: DISK, stdio: ['pipe', 'pipe', 'ignore'] });
      const sumOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      fs.writeFileSync(path.join(dir, 'disk.img'), packed);
      const file = await bring(wanted('disk.img'), sumOf(packed), images, context());
      expect(fs.readFileSync(file).equals(DISK)).toBe(true);
      const cut = packed.subarray(0, packed.length - 100);
      fs.writeFileSync(path.join(dir, 'cut.img'), cut);
      await expect(bring(wanted('cut.img'), sumOf(cut), images, context())).rejects.toThrow(/cannot be unpacked/);
    });
  });
});

describe('a checksum', () => {
  test('is told by its length where it does not say what it is', () => {
    expect(parseChecksum('a'.repeat(64))).toEqual({ algorithm: 'sha256', hex: 'a'.repeat(64) });
    expect(parseChecksum(`md5:${'B'.repeat(32)}`)).toEqual({ algorithm: 'md5', hex: 'b'.repeat(32) });
    expect(parseChecksum(`md5:${'b'.repeat(40)}`)).toBeUndefined();
  });

  test('is found in lists of both kinds', () => {
    const hex = 'c'.repeat(64);
    expect(findInList(`${hex}  ./images/web.img\n`, 'web.img')?.hex).toBe(hex);
    expect(findInList(`SHA256 (web.img) = ${hex}\n${'d'.repeat(64)}  x\n`, 'web.img')?.hex).toBe(hex);
    expect(findInList(`${hex}  other.img\n${hex}  another.img\n`, 'web.img')).toBeUndefined();
  });

  test('is needed, and nothing else will do', () => {
    expect(problemWithChecksum('imageChecksum', undefined)).toMatch(/`imageChecksum` is missing/);
    expect(problemWithChecksum('imageChecksum', 'sha256:12')).toMatch(/which is no checksum/);
    expect(problemWithChecksum('imageChecksum', 'none')).toBeUndefined();
  });
});
