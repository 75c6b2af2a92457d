import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Artifact, ProcessContext } from '../../lib/extension';
import { convert, type ConvertConfig } from '../../lib/post-processors/convert';
import { has, run as tool } from '../helpers/programs';
import { describeIf } from '../helpers/requires';
import { filesArtifact, makeDisk, processContext, temporaryFolder, type TestProcessContext } from './support';

const root = temporaryFolder();
let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(root, 'd-'));
});

const at = (name: string): string => path.join(folder, name);

interface Info {
  readonly format: string;
  readonly 'virtual-size': number;
  readonly 'format-specific'?: { readonly data: { readonly 'create-type'?: string } };
}
const info = (name: string): Info => JSON.parse(tool('qemu-img', 'info', '--output=json', at(name))) as Info;

async function run(
  config: ConvertConfig,
  input: Artifact,
  changes: Partial<ProcessContext> = {},
): Promise<{ readonly artifact: Artifact; readonly ctx: TestProcessContext }> {
  const ctx = processContext(folder, [input], changes);
  try {
    return { artifact: (await convert.run(config, [input], ctx))!, ctx };
  } finally {
    ctx.end();
  }
}

describeIf(has('qemu-img') && has('mkfs.ext4'), 'it needs qemu-utils and e2fsprogs', 'convert', () => {
  const ALL = ['qcow2', 'raw', 'vmdk', 'vpc', 'vhdx', 'vdi'] as const;

  test('every format is made of one disk, is whole by qemu-img, and holds what the disk held', async () => {
    const { artifact, ctx } = await run({ formats: [...ALL] }, makeDisk(folder, 'disk.raw'));
    const endings = ['qcow2', 'img', 'vmdk', 'vhd', 'vhdx', 'vdi'];
    expect(artifact.files.map((file) => file.path)).toEqual(endings.map((one) => `artifacts/web-docker.${one}`));
    expect(artifact.outputs).toMatchObject({ format: 'qcow2', path: 'artifacts/web-docker.qcow2', disks: [] });
    for (const [index, format] of ALL.entries()) {
      const name = artifact.files[index]!.path;
      expect(tool('qemu-img', 'compare', '-f', 'raw', '-F', format, at('disk.raw'), at(name))).toMatch(/identical/);
      if (['qcow2', 'vmdk', 'vhdx', 'vdi'].includes(format)) {
        expect(tool('qemu-img', 'check', '-f', format, at(name))).toMatch(/No errors/);
      }
      expect(tool('sha256sum', at(name)).split(' ')[0]).toBe(artifact.files[index]!.sha256);
    }
    expect(info('artifacts/web-docker.vhd')['virtual-size']).toBe(33 * 1024 * 1024 + 512);
    expect(ctx.progressed).toContainEqual({ label: 'convert web-docker.vdi', current: 100, total: 100, unit: 'items' });
    expect(fs.statSync(at('artifacts/web-docker.img')).blocks * 512).toBeLessThan(8 * 1024 * 1024);
  });

  test('equal disks give equal bytes, whatever identifiers and times qemu-img puts into them', async () => {
    const subformats = { vmdk: 'streamOptimized', vpc: 'fixed', vhdx: 'fixed', vdi: 'fixed' } as const;
    const config = { formats: [...ALL], output: '{{.Format}}/disk' };
    const input = makeDisk(folder, 'disk.raw');
    const first = await run(config, input);
    const fixed = await run({ ...config, output: 'fixed/{{.Format}}', subformats }, input);
    const other = at('elsewhere');
    fs.mkdirSync(other);
    fs.copyFileSync(at('disk.raw'), path.join(other, 'disk.raw'));
    folder = other;
    const sums = (one: { readonly artifact: Artifact }): unknown => one.artifact.files.map(({ sha256 }) => sha256);
    const again = filesArtifact(folder, 'disk.raw');
    expect(sums(await run(config, again))).toEqual(sums(first));
    expect(sums(await run({ ...config, output: 'fixed/{{.Format}}', subformats }, again))).toEqual(sums(fixed));
    for (const format of ALL) {
      expect(tool('qemu-img', 'compare', '-f', 'raw', '-F', format, at('disk.raw'), at(`fixed/${format}`))).toMatch(
        /identical/,
      );
    }
    expect(info('fixed/vmdk')['format-specific']?.data['create-type']).toBe('streamOptimized');
    expect(fs.readFileSync(at('fixed/vmdk')).toString('latin1', 512, 2048)).toContain('SPARSE "vmdk"');
  });

  test('a compressed qcow2 is smaller; without compacting every block is there', async () => {
    const input = makeDisk(folder, 'disk.raw');
    fs.writeFileSync(at('text'), 'goldsmith '.repeat(300_000));
    tool('debugfs', '-w', '-R', `write ${at('text')} text`, at('disk.raw'));
    const size = async (config: Omit<ConvertConfig, 'formats'>, output: string): Promise<number> => {
      await run({ ...config, formats: ['qcow2'], output }, input);
      expect(tool('qemu-img', 'check', at(output))).toMatch(/No errors/);
      return fs.statSync(at(output)).size;
    };
    const plain = await size({}, 'plain.qcow2');
    expect(await size({ compress: true }, 'small.qcow2')).toBeLessThan(plain / 2);
    expect(await size({ compact: false }, 'full.qcow2')).toBeGreaterThan(33 * 1024 * 1024);
  });

  test('the disks of a machine are converted each, and its UEFI variables come along', async () => {
    makeDisk(folder, 'web.qcow2.raw');
    tool('qemu-img', 'convert', '-O', 'qcow2', at('web.qcow2.raw'), at('web.qcow2'));
    tool('qemu-img', 'create', '-q', '-f', 'qcow2', at('web-1.qcow2'), '8M');
    fs.writeFileSync(at('web.efivars.fd'), 'variables');
    const input = {
      ...filesArtifact(folder, 'web.qcow2', 'web-1.qcow2', 'web.efivars.fd'),
      kind: 'qemu-disk',
      outputs: { path: 'web.qcow2', format: 'qcow2', disks: ['web-1.qcow2'], efivars: 'web.efivars.fd' },
    };
    const { artifact } = await run({ formats: ['vmdk', 'raw'], output: 'out/web.{{.Extension}}' }, input);
    expect(artifact.files.map((file) => file.path)).toEqual([
      'out/web.vmdk',
      'out/web-1.vmdk',
      'out/web.img',
      'out/web-1.img',
      'out/web.efivars.fd',
    ]);
    expect(artifact.outputs).toMatchObject({
      format: 'vmdk',
      disks: ['out/web-1.vmdk'],
      byFormat: { raw: ['out/web.img', 'out/web-1.img'] },
      efivars: 'out/web.efivars.fd',
    });
    expect(info('out/web-1.vmdk')['virtual-size']).toBe(8 * 1024 * 1024);
    expect(artifact.resources).toHaveLength(5);
  });

  test('a raw disk stays raw, whatever its guest wrote into its first block', async () => {
    const input = makeDisk(folder, 'disk.raw');
    tool('qemu-img', 'create', '-q', '-f', 'qcow2', '-u', '-b', '/etc/passwd', '-F', 'raw', at('evil.qcow2'), '1M');
    const evil = fs.readFileSync(at('evil.qcow2'));
    const disk = fs.openSync(at('disk.raw'), 'r+');
    fs.writeSync(disk, evil, 0, 4096, 0);
    fs.closeSync(disk);
    await run({ formats: ['qcow2'], output: 'out.qcow2' }, input);
    expect(tool('qemu-img', 'compare', '-f', 'raw', at('disk.raw'), at('out.qcow2'))).toMatch(/identical/);
    // Where nobody says so, it is looked at, and refused for what it claims.
    fs.renameSync(at('disk.raw'), at('disk.img'));
    await expect(
      run({ formats: ['vmdk'], output: 'out.vmdk' }, filesArtifact(folder, 'disk.img')),
    ).rejects.toMatchObject({ code: 'PROCESS_FAILED', message: expect.stringContaining('/etc/passwd') as string });
    await run({ formats: ['vmdk'], output: 'out.vmdk', inputFormat: 'raw' }, filesArtifact(folder, 'disk.img'));
    expect(info('out.vmdk').format).toBe('vmdk');
  });

  test('what is no disk, and its own input, are refused; a damaged disk says what qemu-img says', async () => {
    makeDisk(folder, 'disk.raw');
    fs.writeFileSync(at('web.tar.gz'), 'no disk');
    fs.writeFileSync(at('bad.qcow2'), 'no disk');
    const with_ = (...names: string[]): Artifact => filesArtifact(folder, ...names);
    await expect(run({ formats: ['raw'] }, with_('web.tar.gz'))).rejects.toMatchObject({
      code: 'INCOMPATIBLE_INPUT',
      hint: expect.stringContaining('inputFormat') as string,
    });
    await expect(run({ formats: ['raw'], output: 'disk.raw' }, with_('disk.raw'))).rejects.toThrow(
      'the disk to be converted',
    );
    await expect(run({ formats: ['raw'] }, with_('bad.qcow2'))).rejects.toMatchObject({
      code: 'PROCESS_FAILED',
      output: expect.stringContaining('Image is not in qcow2 format') as string,
    });
  });

  test('cancelling ends qemu-img and leaves nothing under the name', async () => {
    const input = makeDisk(folder, 'disk.raw');
    for (const label of ['check disk.raw', 'convert out.qcow2']) {
      const controller = new AbortController();
      const progress: ProcessContext['progress'] = (one) =>
        one.label === label && controller.abort(new Error(`stop at ${label}`));
      await expect(
        run({ formats: ['qcow2'], output: 'out.qcow2' }, input, { signal: controller.signal, progress }),
      ).rejects.toThrow(`stop at ${label}`);
      expect(fs.existsSync(at('out.qcow2'))).toBe(false);
    }
  });
});

test('before a build, a qemu-img that is not there is named, and the names that will be written are known', async () => {
  const ctx = processContext(folder, [], { env: { PATH: folder } });
  expect(await convert.preflight!({ formats: ['raw'] }, ctx)).toMatchObject([
    { code: 'PLATFORM_UNAVAILABLE', hint: expect.stringContaining('qemu-utils') as string },
  ]);
  expect(convert.outputs!({ formats: ['vpc', 'raw'], output: 'out/web.{{.Extension}}' })).toEqual([
    'out/web.vhd',
    'out/web.img',
  ]);
  expect(convert.outputs!({ formats: ['raw'], output: '{{.BuildName}}.img' })).toEqual([]);
});

test.each<[string, object, string]>([
  ['a format that is not known', { formats: ['ova'] }, 'Invalid option'],
  ['no format', { formats: [] }, 'Too small'],
  ['a format twice', { formats: ['raw', 'raw'] }, 'has raw twice'],
  ['one name for two formats', { formats: ['raw', 'vdi'], output: 'disk' }, 'must have {{.Format}}'],
  ['compression that the format lacks', { formats: ['vmdk'], compress: true }, 'is for qcow2'],
  ['a kind of another format', { formats: ['raw'], subformats: { vpc: 'fixed' } }, 'which is not in `formats`'],
])('%s is refused at synth', (_what, config, message) => {
  const result = convert.schema.safeParse(config);
  expect(result.error?.issues.map((issue) => issue.message).join()).toContain(message);
});
