import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, FileProvisioner, Image, ShellProvisioner, ssh, Verification, type RunReport } from '../../../../lib';
import { QemuSource, type QemuSourceProps } from '../../../../lib/platforms/qemu';
import { hasQemu, NO_QEMU } from '../tools';

/** A Debian cloud image with cloud-init and an SSH server: `make-disk.sh` makes one. */
export const DISK =
  process.env['GOLDSMITH_DEBIAN_DISK'] ?? path.join(os.homedir(), '.cache/goldsmith-ci/debian-bookworm.qcow2');
export const ready = hasQemu && fs.existsSync(DISK);
export const reason = `${NO_QEMU}, and a Debian cloud image at ${DISK} or where GOLDSMITH_DEBIAN_DISK says: test/platforms/qemu/debian/make-disk.sh makes one`;

/** The machine that all images here are built on. */
const MACHINE = {
  accelerator: 'tcg',
  cpus: 2,
  memory: 512,
  // Where much else runs, a boot in software takes minutes.
  communicator: ssh({ timeout: '15m' }),
} as const satisfies QemuSourceProps;

/** An image of two steps. What comes after them starts from the checkpoint that the first build leaves. */
export function coreOf(dir: string): { readonly app: App; readonly core: Image } {
  const app = new App('acme', { baseDir: dir });
  const core = new Image(app, 'Core');
  new QemuSource(core, 'Qemu', { ...MACHINE, image: DISK, imageChecksum: 'none', output: 'core.qcow2' });
  new FileProvisioner(core, 'Motd', { content: 'golden\n', destination: '/etc/motd' });
  new ShellProvisioner(core, 'First', { inline: ['cat /proc/sys/kernel/random/boot_id > /etc/built-in'] });
  return { app, core };
}

/** The step after the two. */
export function addLast(core: Image, last: string): void {
  new ShellProvisioner(core, 'Last', {
    // One machine, that slept and went on: it has not booted since the first step.
    inline: [`echo ${last} > /etc/last`, 'cmp /etc/built-in /proc/sys/kernel/random/boot_id'],
  });
}

/** What must be so on a fresh boot. Starts two machines. */
export function addVerification(core: Image, last: string): void {
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
    uniqueIdentity: true,
    within: '5m',
  });
}

/** How each node ended, a line each. */
export function states(report: RunReport): string[] {
  return report.nodes.map(({ id, state, error }) =>
    `${id} ${state} ${error?.message ?? ''}${error?.output ?? ''}`.trim(),
  );
}
