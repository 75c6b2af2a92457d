import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { compare, median, type Contestant } from './measure';
import { forget, GOLDSMITH, makeProject, PACKER_ENV, synth } from './project';
import { add } from './table';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const PACKER = '/usr/bin/packer';
/** A Debian cloud image with cloud-init and an SSH server. */
const DISK =
  process.env['GOLDSMITH_DEBIAN_DISK'] ?? path.join(os.homedir(), '.cache/goldsmith-ci/debian-bookworm.qcow2');

/** Seconds that each of the three steps takes by itself. */
const STEP = 5;

function program(last: string): string {
  return `import { App, Image, ShellProvisioner, ssh } from 'goldsmith';
import { QemuSource } from 'goldsmith/qemu';
const app = new App('bench');
const image = new Image(app, 'Image');
new QemuSource(image, 'Qemu', {
  image: ${JSON.stringify(DISK)}, imageChecksum: 'none', accelerator: 'tcg', cpus: 2, memory: 512,
  output: 'goldsmith.qcow2', communicator: ssh({ timeout: '15m' }),
});
for (const n of ['one', 'two', ${JSON.stringify(last)}]) new ShellProvisioner(image, 'Step' + n, { inline: ['sleep ${STEP}', 'echo ' + n + ' >> /etc/steps'] });
app.run();
`;
}

/** What Packer's users write for the same: a key of their own, and a disk for cloud-init that lets it in. */
function template(dir: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(dir, 'key')]);
  const key = fs.readFileSync(path.join(dir, 'key.pub'), 'utf8').trim();
  fs.writeFileSync(path.join(dir, 'meta-data'), 'instance-id: bench\n');
  const users = [{ name: 'root', ssh_authorized_keys: [key] }];
  fs.writeFileSync(path.join(dir, 'user-data'), `#cloud-config\n${JSON.stringify({ disable_root: false, users })}\n`);
  const builder = {
    type: 'qemu',
    accelerator: 'tcg',
    cpus: 2,
    memory: 512,
    headless: true,
    disk_image: true,
    disk_interface: 'virtio',
    iso_url: DISK,
    iso_checksum: 'none',
    skip_resize_disk: true,
    format: 'qcow2',
    output_directory: 'packer',
    cd_files: ['meta-data', 'user-data'],
    cd_label: 'cidata',
    boot_wait: '1s',
    ssh_username: 'root',
    ssh_private_key_file: 'key',
    ssh_timeout: '15m',
    shutdown_command: 'shutdown -P now',
  };
  const provisioners = ['one', 'two', 'three'].map((n) => ({
    type: 'shell',
    inline: [`sleep ${STEP}`, `echo ${n} >> /etc/steps`],
  }));
  fs.writeFileSync(path.join(dir, 'template.json'), JSON.stringify({ builders: [builder], provisioners }));
}

/** A Debian disk with three steps of five seconds, cold, and with the last of them changed. */
export async function qemuDisk(): Promise<void> {
  if (!fs.existsSync(PACKER) || !fs.existsSync(DISK)) {
    process.stdout.write(`qemu: skipped, for it needs packer, qemu and a Debian disk at ${DISK}\n`);
    return;
  }
  const dir = makeProject({});
  template(dir);
  const write = (last: string): void => {
    fs.writeFileSync(path.join(dir, 'images.ts'), program(last));
    synth(dir);
  };
  const build = { argv: [process.execPath, GOLDSMITH, 'build', 'goldsmith.out/plan.json'], cwd: dir } as const;
  const last = {
    name: 'last',
    prepare: () => write(`four${Date.now()}`),
    command: build,
  };
  const contestants: Contestant[] = [
    {
      name: 'packer',
      prepare: () => fs.rmSync(path.join(dir, 'packer'), { recursive: true, force: true }),
      command: { argv: [PACKER, 'build', 'template.json'], cwd: dir, env: PACKER_ENV },
    },
    {
      name: 'cold',
      prepare: () => {
        forget(dir);
        fs.rmSync(path.join(dir, 'goldsmith.qcow2'), { force: true });
        write('three');
      },
      command: build,
    },
    last,
  ];
  try {
    const results = await compare(contestants, ROUNDS);
    const wall = (name: string): number => median(results.get(name)!.map(({ wall: seconds }) => seconds));
    const what = 'a Debian disk on QEMU';
    add({ what: `${what}: packer`, figure: wall('packer'), unit: 's' });
    add({ what: `${what}: goldsmith`, figure: wall('cold'), unit: 's' });
    add({ what: `${what}: goldsmith, of packer's`, figure: wall('cold') / wall('packer'), unit: '×', limit: 1 });
    add({ what: `${what}, last step changed: goldsmith`, figure: wall('last'), unit: 's' });
    const ratio = wall('last') / wall('packer');
    add({ what: `${what}, last step changed: goldsmith, of packer's`, figure: ratio, unit: '×', limit: 0.4 });
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}
