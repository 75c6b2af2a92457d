import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { FileProvisioner, Image, RebootProvisioner, ShellProvisioner, type App } from '../../../lib';
import { describeIf } from '../../helpers/requires';
import { addLast, addVerification, coreOf, DISK, ready, reason, states } from './debian/program';
import { emulatorsWith, makeFolder, run } from './tools';

const MINUTES = 60_000;

describeIf(ready, reason, 'a Debian disk on QEMU', () => {
  let dir: string;
  beforeAll(() => (dir = makeFolder()));
  afterAll(() => {
    expect(emulatorsWith(dir)).toEqual([]);
    fs.rmSync(dir, { recursive: true, force: true });
  });
  const file = (name: string): string => path.join(dir, name);

  test(
    'is built from a cloud image, and passes its checks on a fresh boot',
    async () => {
      const { app, core } = coreOf(dir);
      addLast(core, 'one');
      addVerification(core, 'one');
      const base = run('sha256sum', DISK);
      const report = await app.build({ env: process.env });
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
      expect(run('qemu-img', 'check', file('core.qcow2'))).toMatch(/No errors/);
      expect(emulatorsWith(dir)).toEqual([]);
    },
    20 * MINUTES,
  );

  test(
    'is built again from the step before the one that was changed, without a boot',
    async () => {
      const { app, core } = coreOf(dir);
      addLast(core, 'two');
      const cached: string[] = [];
      const report = await app.build({
        env: process.env,
        onEvent: (event) => {
          if (event.type === 'step-finished' && event.state === 'cached') cached.push(event.step);
        },
      });
      expect(states(report)).toEqual(['Core/Qemu succeeded']);
      expect(cached).toEqual(['Core/Motd', 'Core/First']);
    },
    5 * MINUTES,
  );

  /** Builds what fails in the last step, whose checkpoint is there, and gives what the run says of it. */
  async function failure(app: App, disturb?: () => void): Promise<string> {
    const report = await app.build({
      env: process.env,
      onEvent: (event) => {
        if (event.type === 'output' && event.text.includes('here')) disturb?.();
      },
    });
    expect(report.ok).toBe(false);
    expect(emulatorsWith(dir)).toEqual([]);
    return states(report).join('\n');
  }

  test(
    'says so when the emulator crashes in the middle of a step',
    async () => {
      const { app, core } = coreOf(dir);
      new ShellProvisioner(core, 'Last', { inline: ['echo here', 'sleep 600'] });
      const text = await failure(app, () => {
        for (const line of emulatorsWith(dir)) process.kill(pidOf(line), 'SIGKILL');
      });
      expect(text).toMatch(/^Core\/Qemu failed .*the virtual machine's process was ended by SIGKILL/);
    },
    5 * MINUTES,
  );

  test(
    'says so when the network of the guest goes down in the middle of a step',
    async () => {
      const { app, core } = coreOf(dir);
      new ShellProvisioner(core, 'Last', { inline: ['echo here', '(sleep 1; ip link set eth0 down) &', 'sleep 600'] });
      const text = await failure(app);
      expect(text).toMatch(/^Core\/Qemu failed .*(no answer|connection)/);
    },
    5 * MINUTES,
  );

  test(
    'says so when the disk of the guest is full',
    async () => {
      const { app, core } = coreOf(dir);
      new ShellProvisioner(core, 'Fill', {
        inline: [
          'for size in 1G 100M 10M 1M; do n=0',
          'while fallocate -l $size /filled-$size-$n 2>/dev/null; do n=$((n + 1)); done; done',
          'rm /filled-1M-0',
        ],
      });
      fs.writeFileSync(file('large'), Buffer.alloc(64 << 20, 'large'));
      new FileProvisioner(core, 'Last', { source: file('large'), destination: '/etc/large' });
      expect(await failure(app)).toMatch(/^Core\/Qemu failed .*No space left on device/s);
    },
    5 * MINUTES,
  );

  test(
    'is a base for the next image, and both boot in plain QEMU',
    async () => {
      const { app, core } = coreOf(dir);
      addLast(core, 'two');
      const web = new Image(app, 'Web', {
        from: core,
        sources: { Qemu: { output: 'web.qcow2', diskCompression: true, diskSize: '6G' } },
      });
      new ShellProvisioner(web, 'Site', {
        inline: ['grep -q two /etc/last', 'cat /proc/sys/kernel/random/boot_id > /etc/web'],
      });
      new RebootProvisioner(web, 'Reboot', {});
      new ShellProvisioner(web, 'After', { inline: ['! cmp -s /etc/web /proc/sys/kernel/random/boot_id'] });
      const report = await app.build({ env: process.env });
      expect(states(report)).toEqual(['Core/Qemu cached', 'Web/Qemu succeeded']);
      for (const disk of ['core.qcow2', 'web.qcow2']) {
        expect(run('qemu-img', 'check', file(disk))).toMatch(/No errors/);
      }
      await Promise.all(['core.qcow2', 'web.qcow2'].map((disk) => boots(file(disk))));
    },
    20 * MINUTES,
  );
});

/** Waits until a disk has booted to where somebody can log in, with nothing of goldsmith. */
async function boots(disk: string): Promise<void> {
  // Without a network it would wait two minutes for one.
  const nic = 'user,restrict=on,model=virtio-net-pci';
  const options = ['-accel', 'tcg,thread=multi', '-m', '512', '-display', 'none', '-monitor', 'none', '-nic', nic];
  const child = spawn(
    'qemu-system-x86_64',
    [...options, '-snapshot', '-serial', 'stdio', '-drive', `file=${disk},if=virtio`],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let console = '';
  try {
    for await (const part of child.stdout) {
      console += String(part);
      if (/debian login:/.test(console)) return;
    }
  } finally {
    child.kill('SIGKILL');
  }
  throw new Error(`${disk} does not boot:\n${console}`);
}

/** Number of the process with this command line. */
function pidOf(line: string): number {
  const pid = fs.readdirSync('/proc').find((name) => {
    try {
      return /^\d+$/.test(name) && fs.readFileSync(`/proc/${name}/cmdline`, 'latin1').split('\0').join(' ') === line;
    } catch {
      return false;
    }
  });
  return Number(pid);
}
