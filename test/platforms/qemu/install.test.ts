import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { App, BaseImage, Image } from '../../../lib';
import { QemuSource, type QemuSourceProps } from '../../../lib/platforms/qemu';
import { describeIf } from '../../helpers/requires';
import { emulatorsWith, has, hasQemu, INSTALLING, leftIn, makeFolder, makeInstaller, NO_QEMU, run } from './tools';

const ready = hasQemu && has('xorriso');

describeIf(ready, `${NO_QEMU}, and xorriso`, 'a machine that installs itself', () => {
  let dir: string;
  beforeEach(() => {
    dir = makeFolder();
    makeInstaller(dir);
  });
  afterEach(() => {
    expect(emulatorsWith(dir)).toEqual([]);
    fs.rmSync(dir, { recursive: true, force: true });
  });

  const props = {
    iso: 'install.iso',
    ...INSTALLING,
    bootCommand: ['<waitFor "Type Install:">', '<waitFor /to go .n >/>', 'Install:<enter>'],
    output: 'disk.qcow2',
  } as const satisfies QemuSourceProps;

  async function build(more: Partial<QemuSourceProps> = {}): Promise<Awaited<ReturnType<App['build']>>> {
    const app = new App('acme', { baseDir: dir });
    new QemuSource(new Image(app, 'Iso'), 'Qemu', { ...props, ...more });
    return app.build({ env: process.env });
  }

  test('is driven by its boot command, and its disk boots by itself', async () => {
    const report = await build();
    expect(report.nodes.map(({ state, error }) => error ?? state)).toEqual(['succeeded']);
    const disk = path.join(dir, 'disk.qcow2');
    expect(run('qemu-img', 'check', disk)).toMatch(/No errors/);
    const args = ['-display', 'none', '-monitor', 'none', '-serial', 'stdio', '-m', '32', '-accel', 'tcg'];
    const { stdout } = spawnSync('qemu-system-x86_64', [...args, '-drive', `file=${disk},if=ide`], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect(stdout).toContain('installed disk boots');
    expect(leftIn(path.join(dir, '.goldsmith'))).toEqual([]);
    expect((await build()).nodes.map(({ state }) => state)).toEqual(['cached']);
  }, 90_000);

  test.each(['raw', 'vmdk', 'vpc', 'vhdx'] as const)(
    'is captured as %s too, and built upon',
    async (format) => {
      const app = new App('acme', { baseDir: dir });
      const core = new Image(app, 'Iso');
      new QemuSource(core, 'Qemu', { ...props, format, output: `disk.${format}` });
      const next = new Image(app, 'Next');
      // What is installed shuts down by itself.
      const { iso: _iso, isoChecksum: _sum, bootCommand: _keys, ...rest } = props;
      new QemuSource(next, 'Qemu', {
        ...rest,
        diskSize: '32M',
        cloudInit: false,
        base: BaseImage.of(core),
        output: 'next.qcow2',
      });
      const report = await app.build({ env: process.env });
      expect(report.nodes.map(({ state, error }) => error ?? state)).toEqual(['succeeded', 'succeeded']);
      const made = JSON.parse(run('qemu-img', 'info', '--output=json', path.join(dir, `disk.${format}`))) as object;
      expect(made).toMatchObject({ format });
      const bigger = JSON.parse(run('qemu-img', 'info', '--output=json', path.join(dir, 'next.qcow2'))) as object;
      expect(bigger).toMatchObject({ format: 'qcow2', 'virtual-size': 32 << 20 });
    },
    90_000,
  );

  test('that does not show what is waited for is shown itself', async () => {
    const report = await build({ bootCommand: ['<waitFor "no such text">'], bootTimeout: '4s', vncPassword: 'secret' });
    const [node] = report.nodes;
    expect(node).toMatchObject({ state: 'failed', error: { code: 'LAUNCH_FAILED' } });
    expect(node!.error!.message).toMatch(/did not show .*"no such text" in 4 s/);
    expect(node!.error!.output).toMatch(/Type Install: to go on >/);
    const kept = fs.readdirSync(path.join(dir, '.goldsmith/runs'), { recursive: true }).map(String);
    expect(kept.filter((name) => name.endsWith('iso-qemu.screen.png'))).toHaveLength(1);
    expect(leftIn(path.join(dir, '.goldsmith'))).toEqual([]);
  }, 60_000);

  test('is refused before it is switched on where its medium is another, or cut off', async () => {
    const report = await build({ isoChecksum: `sha256:${'0'.repeat(64)}` });
    expect(report.nodes[0]).toMatchObject({ state: 'failed', error: { code: 'LOOKUP_FAILED' } });
    expect(report.nodes[0]!.error!.message).toMatch(/is not what it should be/);
  });

  test('whose emulator is called wrongly says so in its words', async () => {
    const report = await build({ qemuArgs: [['-device', 'no-such-thing']] });
    expect(report.nodes[0]!.error).toMatchObject({
      code: 'LAUNCH_FAILED',
      output: expect.stringMatching(/no-such-thing/),
    });
    expect(leftIn(path.join(dir, '.goldsmith'))).toEqual([]);
  });
});
