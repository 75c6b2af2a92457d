import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Artifact } from '../../lib/extension';
import { checksum, type ChecksumConfig } from '../../lib/post-processors/checksum';
import { filesArtifact, IMAGE, originOf, processContext, temporaryFolder } from './support';

const root = temporaryFolder();
let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(root, 'c-'));
  fs.mkdirSync(path.join(folder, 'artifacts'));
  fs.writeFileSync(path.join(folder, 'artifacts/a.img'), 'hello\n');
  fs.writeFileSync(path.join(folder, 'b.img'), Buffer.alloc(3_000_000, 7));
});

async function run(config: ChecksumConfig, ...names: string[]): Promise<Artifact> {
  const input = filesArtifact(folder, ...names);
  const ctx = processContext(folder, [input]);
  const result = await checksum.run(config, [input], ctx);
  ctx.end();
  return result!;
}

const read = (name: string): string => fs.readFileSync(path.join(folder, name), 'utf8');

test("by default an md5, in Packer's format: checksum, tab, name", async () => {
  await run({}, 'artifacts/a.img');
  expect(read('artifacts/web-docker.md5')).toBe('b1946ac92492d2347c6235b4d2611184\ta.img\n');
});

test('all types in one pass, as the real tools compute them', async () => {
  const types = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const;
  const result = await run(
    { checksumTypes: types.slice(), output: 'sums.{{.ChecksumType}}' },
    'artifacts/a.img',
    'b.img',
  );
  for (const type of types) {
    const sums = ['artifacts/a.img', 'b.img'].map(
      (name) => execFileSync(`${type}sum`, [name], { cwd: folder, encoding: 'utf8' }).split(' ')[0],
    );
    expect(read(`sums.${type}`)).toBe(`${sums[0]}\ta.img\n${sums[1]}\tb.img\n`);
  }
  expect(result.files.map((file) => file.path)).toEqual([
    'artifacts/a.img',
    'b.img',
    ...types.map((type) => `sums.${type}`),
  ]);
  expect(result.resources).toHaveLength(6);
  expect(result.outputs['path']).toBe('sums.md5');
});

test('the gnu format is what `sha256sum -c` takes, wherever the file lies', async () => {
  fs.writeFileSync(path.join(folder, 'odd\\name\nhere'), 'odd');
  await run(
    { format: 'gnu', checksumTypes: ['sha256', 'md5'], output: 'artifacts/out/all.{{.ChecksumType}}' },
    'artifacts/a.img',
    'b.img',
    'odd\\name\nhere',
  );
  for (const type of ['sha256', 'md5']) {
    const printed = execFileSync(`${type}sum`, ['-c', `all.${type}`], {
      cwd: path.join(folder, 'artifacts/out'),
      encoding: 'utf8',
    });
    expect(printed.match(/: OK$/gm)).toHaveLength(3);
  }
});

test('several types into one file', async () => {
  await run({ checksumTypes: ['md5', 'sha1'], output: 'sums' }, 'artifacts/a.img');
  expect(read('sums').split('\n')).toHaveLength(3);
});

test('builds share a file: lines are added, written anew, and dropped with their files', async () => {
  await run({ output: 'sums', format: 'gnu' }, 'artifacts/a.img');
  await run({ output: 'sums', format: 'gnu' }, 'b.img');
  expect(read('sums').match(/ {2}\S+$/gm)).toEqual(['  artifacts/a.img', '  b.img']);
  fs.writeFileSync(path.join(folder, 'artifacts/a.img'), 'changed\n');
  await run({ output: 'sums', format: 'gnu' }, 'artifacts/a.img');
  expect(execFileSync('md5sum', ['-c', 'sums'], { cwd: folder, encoding: 'utf8' }).match(/: OK$/gm)).toHaveLength(2);
  fs.rmSync(path.join(folder, 'b.img'));
  await run({ output: 'sums', format: 'gnu' }, 'artifacts/a.img');
  expect(read('sums').match(/ {2}\S+$/gm)).toEqual(['  artifacts/a.img']);
});

test('an artifact without files is refused, with what to do', async () => {
  await expect(checksum.run({}, [IMAGE], processContext(folder, [IMAGE]))).rejects.toMatchObject({
    code: 'INCOMPATIBLE_INPUT',
    hint: expect.stringContaining('docker-save') as string,
  });
});

test('a file that is gone is named', async () => {
  const input = { ...filesArtifact(folder, 'b.img'), files: [{ path: 'gone.img', size: 1 }] };
  await expect(checksum.run({}, [input], processContext(folder, [input]))).rejects.toThrow('cannot read gone.img');
});

test('big files show their progress', async () => {
  const input = filesArtifact(folder, 'b.img');
  const ctx = processContext(folder, [input], { origins: [originOf(input)] });
  await checksum.run({}, [input], ctx);
  expect(ctx.progressed.at(-1)).toEqual({ label: 'checksum', current: 3_000_000, total: 3_000_000, unit: 'bytes' });
});
