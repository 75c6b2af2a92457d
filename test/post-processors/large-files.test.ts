import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Artifact, Progress } from '../../lib/extension';
import type { ProcessContext } from '../../lib/extension';
import { checksum } from '../../lib/post-processors/checksum';
import { compress } from '../../lib/post-processors/compress';
import { convert } from '../../lib/post-processors/convert';
import { vagrant } from '../../lib/post-processors/vagrant';
import { has, run as tool } from '../helpers/programs';
import { describeIf } from '../helpers/requires';
import { filesArtifact, processContext, temporaryFolder } from './support';

/** More than 32 bits can say: nearly all of it a hole, so that it takes no room. */
const SIZE = 4 * 1024 ** 3 + 1024 ** 2;
/** Of all that this process may grow while it reads them. */
const MOST = 400 * 1024 ** 2;

const folder = temporaryFolder();
const at = (name: string): string => path.join(folder, name);

function makeLarge(name: string): void {
  const file = fs.openSync(at(name), 'w');
  fs.ftruncateSync(file, SIZE);
  fs.writeSync(file, 'start', 0);
  fs.writeSync(file, 'end', SIZE - 3);
  fs.closeSync(file);
}

/** Runs a post-processor, and sees to what it shows and how much memory it takes. */
async function watched(
  work: (ctx: ProcessContext, input: Artifact) => Promise<Artifact | undefined>,
  ...names: readonly string[]
): Promise<{ readonly artifact: Artifact; readonly progress: readonly Progress[] }> {
  const input = filesArtifact(folder, ...names);
  const before = process.memoryUsage().rss;
  let most = 0;
  const shown: Progress[] = [];
  const progress = (one: Progress): void => {
    shown.push(one);
    most = Math.max(most, process.memoryUsage().rss - before);
  };
  const ctx = processContext(folder, [input]);
  try {
    const artifact = (await work({ ...ctx, progress }, input))!;
    expect(most).toBeLessThan(MOST);
    return { artifact, progress: shown };
  } finally {
    ctx.end();
  }
}

/** It is told about all the way, a hundred times at most, and last that all is done. */
function isShown(progress: readonly Progress[], label: string, total: number): void {
  const own = progress.filter((one) => one.label === label);
  expect(own.length).toBeGreaterThan(50);
  expect(own.length).toBeLessThanOrEqual(102);
  expect(own.every(({ current }, index) => current >= (own[index - 1]?.current ?? 0))).toBe(true);
  expect(own.at(-1)).toMatchObject({ current: total, total });
}

describe('a file of more than 4 GiB', () => {
  beforeAll(() => makeLarge('large.raw'));
  afterEach(() => {
    for (const name of ['sums', 'large.zip', 'large.qcow2', 'large.box']) fs.rmSync(at(name), { force: true });
  });

  test('checksum', async () => {
    const { progress } = await watched(
      (ctx, input) => checksum.run({ checksumTypes: ['sha256'], output: 'sums' }, [input], ctx),
      'large.raw',
    );
    isShown(progress, 'checksum', SIZE);
  }, 240_000);

  test('compress', async () => {
    const { artifact, progress } = await watched(
      (ctx, input) => compress.run({ output: 'large.zip', compressionLevel: 1 }, [input], ctx),
      'large.raw',
    );
    isShown(progress, 'compress large.zip', SIZE);
    expect(artifact.files[0]!.size).toBeLessThan(SIZE / 100);
    expect(tool('unzip', '-l', at('large.zip'))).toContain(String(SIZE));
  }, 240_000);

  describeIf(has('qemu-img'), 'it needs qemu-utils', 'as a disk', () => {
    test('convert', async () => {
      const { progress } = await watched(
        (ctx, input) => convert.run({ formats: ['qcow2'], output: 'large.qcow2' }, [input], ctx),
        'large.raw',
      );
      isShown(progress, 'check large.raw', SIZE);
      expect(progress).toContainEqual({ label: 'convert large.qcow2', current: 100, total: 100, unit: 'items' });
      expect(tool('qemu-img', 'compare', '-f', 'raw', at('large.raw'), at('large.qcow2'))).toMatch(/identical/);
      expect(fs.statSync(at('large.qcow2')).size).toBeLessThan(4 * 1024 ** 2);
    }, 240_000);

    test('box', async () => {
      fs.renameSync(at('large.raw'), at('large.vmdk'));
      fs.writeFileSync(at('large.vmx'), 'sata0:0.fileName = "large.vmdk"\n');
      const { artifact, progress } = await watched(
        (ctx, input) => vagrant.run({ output: 'large.box', compressionLevel: 1 }, [input], ctx),
        'large.vmx',
        'large.vmdk',
      );
      const total = SIZE + fs.statSync(at('large.vmx')).size;
      isShown(progress, 'box large.box', total);
      expect(artifact.files[0]!.size).toBeLessThan(SIZE / 100);
      expect(tool('tar', '-tzvf', at('large.box'))).toMatch(new RegExp(` ${SIZE} .* large.vmdk`));
    }, 240_000);
  });
});
