import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, BaseImage, FileProvisioner, Image, ShellProvisioner, ssh, Verification } from '../../../lib';
import { QemuSource, type QemuSourceProps } from '../../../lib/platforms/qemu';
import { describeIf } from '../../helpers/requires';
import { emulatorsWith, hasQemu, makeFolder, NO_QEMU, run } from './tools';

/** A Debian cloud image with cloud-init and an SSH server. */
const DISK =
  process.env['GOLDSMITH_DEBIAN_DISK'] ?? path.join(os.homedir(), '.cache/goldsmith-ci/debian-bookworm.qcow2');
const ready = hasQemu && fs.existsSync(DISK);
const reason = `${NO_QEMU}, and a Debian cloud image at ${DISK} or where GOLDSMITH_DEBIAN_DISK says`;

describeIf(ready, reason, 'a Debian disk on QEMU', () => {
  let dir: string;
  beforeAll(() => (dir = makeFolder()));
  afterAll(() => {
    expect(emulatorsWith(dir)).toEqual([]);
    fs.rmSync(dir, { recursive: true, force: true });
  });

  // Where much else runs, a boot in software takes minutes.
  const communicator = ssh({ timeout: '15m' });
  const machine = { accelerator: 'tcg', cpus: 2, memory: 512, communicator } as const satisfies QemuSourceProps;

  function program(last: string): App {
    const app = new App('acme', { baseDir: dir });
    const core = new Image(app, 'Core');
    new QemuSource(core, 'Qemu', { ...machine, image: DISK, imageChecksum: 'none', output: 'core.qcow2' });
    new FileProvisioner(core, 'Motd', { content: 'golden\n', destination: '/etc/motd' });
    new ShellProvisioner(core, 'First', { inline: ['cat /proc/sys/kernel/random/boot_id > /etc/built-in'] });
    new ShellProvisioner(core, 'Last', {
      // One machine, that slept and went on: it has not booted since the first step.
      inline: [`echo ${last} > /etc/last`, 'cmp /etc/built-in /proc/sys/kernel/random/boot_id'],
    });
    new Verification(core, 'Fresh', {
      commands: [
        { command: 'cat /etc/last', stdout: last },
        // This is another boot than that of the build.
        '! cmp -s /etc/built-in /proc/sys/kernel/random/boot_id',
        // There is one temporary key, and that is this machine's.
        'test "$(wc -l < /root/.ssh/authorized_keys)" = 1',
        'test -s /etc/machine-id',
      ],
      files: [{ path: '/etc/motd', contains: 'golden' }],
      services: [
        { name: 'ssh', enabled: true },
        { name: 'no-such-service', running: false },
      ],
      ports: [22, { port: 22, address: '0.0.0.0' }, { port: 80, listening: false }],
      noTemporaryKeys: true,
      // Starts a second machine.
      uniqueIdentity: true,
      within: '5m',
    });
    return app;
  }

  const states = (report: Awaited<ReturnType<App['build']>>): string[] =>
    report.nodes.map(({ id, state, error }) => `${id} ${state} ${error?.message ?? ''}${error?.output ?? ''}`.trim());

  test('is built from a cloud image, and passes its checks on a fresh boot', async () => {
    const base = run('sha256sum', DISK);
    const report = await program('one').build({ env: process.env });
    expect(states(report)).toEqual(['Core/Qemu succeeded', 'Core/Fresh/Qemu succeeded']);
    expect(report.nodes[1]?.checks?.map(({ name, state }) => `${state} ${name}`)).toEqual(
      expect.arrayContaining([
        'passed service ssh',
        'passed service no-such-service',
        'passed port 22/tcp at 0.0.0.0',
        'passed port 80/tcp closed',
        'passed no temporary key is left',
        expect.stringMatching(/^passed SSH host keys of two boots \([1-9] compared\)$/),
        'passed machine id of two boots',
      ]),
    );
    expect(run('sha256sum', DISK)).toBe(base);
    expect(run('qemu-img', 'check', path.join(dir, 'core.qcow2'))).toMatch(/No errors/);
    expect(emulatorsWith(dir)).toEqual([]);
  }, 900_000);

  test('is built again from the step before the one that was changed, without a boot', async () => {
    const cached: string[] = [];
    const report = await program('two').build({
      env: process.env,
      select: ['Core/Qemu'],
      onEvent: (event) => {
        if (event.type === 'step-finished' && event.state === 'cached') cached.push(event.step);
      },
    });
    expect(states(report)).toEqual(['Core/Qemu succeeded']);
    expect(cached).toEqual(['Core/Motd', 'Core/First']);
  }, 900_000);

  test('is a base for the next image, which boots in plain QEMU', async () => {
    const app = program('two');
    const core = app.node.findChild('Core') as Image;
    const web = new Image(app, 'Web');
    new QemuSource(web, 'Qemu', {
      ...machine,
      base: BaseImage.of(core),
      output: 'web.qcow2',
      diskCompression: true,
      diskSize: '6G',
    });
    new ShellProvisioner(web, 'Site', { inline: ['grep -q two /etc/last', 'touch /etc/web'] });
    const report = await app.build({ env: process.env, select: ['Web/Qemu'] });
    expect(states(report).filter((line) => line.startsWith('Web'))).toEqual(['Web/Qemu succeeded']);
    const disk = path.join(dir, 'web.qcow2');
    expect(run('qemu-img', 'check', disk)).toMatch(/No errors/);

    const options = ['-accel', 'tcg,thread=multi', '-smp', '2', '-m', '512', '-display', 'none', '-monitor', 'none'];
    const child = spawn(
      'qemu-system-x86_64',
      [...options, '-snapshot', '-serial', 'stdio', '-nic', 'none', '-drive', `file=${disk},if=virtio`],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let console = '';
    try {
      for await (const part of child.stdout) {
        console += String(part);
        if (/debian login:/.test(console)) break;
      }
    } finally {
      child.kill('SIGKILL');
    }
    expect(console).toMatch(/debian login:/);
  }, 900_000);
});
