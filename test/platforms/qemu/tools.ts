import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { QemuSourceProps } from '../../../lib/platforms/qemu';
import { has, run } from '../../helpers/programs';

export { has, run } from '../../helpers/programs';

/** Whether virtual machines can be run here. */
export const hasQemu = has('qemu-system-x86_64') && has('qemu-img');
export const NO_QEMU = 'it needs qemu-system-x86 and qemu-utils';

/** A folder for one test file. */
export function makeFolder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'goldsmith-qemu-test-'));
}

/** Command lines of all emulators that have a word in them. */
export function emulatorsWith(word: string): string[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').join(' ');
      } catch {
        return '';
      }
    })
    .filter((command) => /^\S*(qemu|swtpm)/.test(command) && command.includes(word));
}

/** What a state folder and this machine hold of virtual machines: folders, processes, sockets. */
export function leftIn(stateDir: string): string[] {
  const entries = ['machines', 'checkpoints'].flatMap((kind) => {
    const folder = path.join(stateDir, 'qemu', kind);
    return fs.existsSync(folder) ? fs.readdirSync(folder).map((name) => `${kind}/${name}`) : [];
  });
  return [...entries, ...emulatorsWith(stateDir)];
}

/** The checksum of a file, as props take it. */
export function checksumOf(file: string): string {
  return `sha256:${createHash('sha256').update(fs.readFileSync(file)).digest('hex')}`;
}

/**
 * Boot sectors, assembled. They are loaded at 0x7c00, and end the machine by the power management of QEMU's `pc` (0x2000 to port 0x604).
 */
const SECTORS = {
  /** `cli; hlt; jmp -3`: a machine that is on, and does nothing. */
  idle: 'faf4ebfd',
  /** Writes "installed disk boots" to the serial port, and shuts down. */
  installed:
    'ea057c000031c08ed8be1f7cac84c07406baf803eeebf5b80020ba0406eff4' +
    Buffer.from('installed disk boots\r\n\0').toString('hex'),
  /**
   * Shows "Type Install: to go on > ", waits until `Install:` and return are typed, writes the sector that follows it to the first
   * disk, and shuts down.
   */
  installer:
    'ea057c000031c08ed88ec08ed0bc007cbe5c7ce83700bf767c30e4cd163a0575f547803d0075f2be807ce82000b80103b90100ba8000' +
    'bb007ecd13720dbe8c7ce80a00b80020ba0406eff4ebfdac84c07409b40ebb0700cd10ebf2c3' +
    Buffer.from('Type Install: to go on > \0Install:\r\0\r\nwriting\r\n\0done\r\n\0').toString('hex'),
} as const;

/** A sector that a BIOS boots. */
export function bootSector(kind: keyof typeof SECTORS): Buffer {
  const sector = Buffer.alloc(512);
  Buffer.from(SECTORS[kind], 'hex').copy(sector);
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

/** Props of a machine that boots {@link makeDisk}'s `idle`: it is on within a moment, and has to be switched off. */
export const IDLE = {
  imageChecksum: 'none',
  imageFormat: 'raw',
  cloudInit: false,
  communicator: 'none',
  accelerator: 'tcg',
  memory: 16,
  shutdownTimeout: '10ms',
} as const satisfies Partial<QemuSourceProps>;

/** Props of a machine that {@link makeInstaller}'s ISO installs itself on. */
export const INSTALLING = {
  isoChecksum: 'none',
  accelerator: 'tcg',
  diskSize: '16M',
  diskInterface: 'ide',
  memory: 32,
  communicator: 'none',
  shutdownTimeout: '30s',
  bootTimeout: '30s',
} as const satisfies Partial<QemuSourceProps>;

/** A raw disk that boots into `kind`. */
export function makeDisk(file: string, kind: keyof typeof SECTORS, size = 1 << 20): string {
  fs.writeFileSync(file, Buffer.concat([bootSector(kind), Buffer.alloc(size - 512)]));
  return file;
}

/** An ISO in `dir` that asks whether it may install itself on the first disk. */
export function makeInstaller(dir: string): string {
  const cd = path.join(dir, 'cd');
  fs.mkdirSync(cd);
  const boot = Buffer.concat([bootSector('installer'), bootSector('installed'), Buffer.alloc(1024)]);
  // What follows it in memory is what it writes: it is a program of a whole sector without a mark at its end.
  boot.writeUInt16LE(0, 510);
  fs.writeFileSync(path.join(cd, 'boot.img'), boot);
  const iso = path.join(dir, 'install.iso');
  const options = ['-b', 'boot.img', '-no-emul-boot', '-boot-load-size', '4', '-V', 'INSTALL'];
  run('xorriso', '-as', 'mkisofs', '-quiet', ...options, '-o', iso, cd);
  return iso;
}
