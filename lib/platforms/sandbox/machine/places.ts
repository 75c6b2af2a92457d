import * as fs from 'node:fs';
import * as fsp from 'node:fs/promises';
import * as path from 'node:path';
import type { Privilege } from './privilege';
import { FILES_DIR } from './init-script';
import { TOOLBOX } from './toolbox';

/** The name of every machine: it resolves without any entry, and what was configured with it works elsewhere. */
export const HOSTNAME = 'localhost';

const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
/** Settings of the kernel, which belong to all: https://github.com/moby/moby/blob/master/oci/defaults.go lists the same. */
const READ_ONLY = ['sys', 'sysrq-trigger', 'irq', 'bus', 'fs'];
const HIDDEN = ['kcore', 'keys', 'timer_list', 'sched_debug', 'latency_stats'];

/** What is mounted in a machine's root, in the form of fstab(5). Targets are absolute, sources start from `merged`. */
export function fstab(dir: string, privilege: Privilege): string {
  const root = path.join(dir, 'merged');
  const line = (source: string, target: string, type: string, options: string): string =>
    [source, path.join(root, target), type, options].map(escape).join(' ') + ' 0 0\n';
  const there = (names: readonly string[], folder: string): string[] =>
    names.filter((name) => fs.existsSync(path.join(folder, name)));
  const group = privilege.mode === 'single' ? '' : ',gid=5';
  return [
    line('proc', 'proc', 'proc', 'nosuid,nodev,noexec'),
    ...there(READ_ONLY, '/proc').map((name) =>
      line(path.join(root, 'proc', name), `proc/${name}`, 'none', 'bind,ro,nosuid,nodev,noexec'),
    ),
    ...there(HIDDEN, '/proc').map((name) => line('/dev/null', `proc/${name}`, 'none', 'bind')),
    privilege.mode === 'root'
      ? line('sysfs', 'sys', 'sysfs', 'ro,nosuid,nodev,noexec')
      : line('/sys', 'sys', 'none', 'rbind'),
    ...there(DEVICES, '/dev').map((name) => line(`/dev/${name}`, `dev/${name}`, 'none', 'bind')),
    line('devpts', 'dev/pts', 'devpts', `newinstance,ptmxmode=0666,mode=0620${group},nosuid,noexec`),
    line('shm', 'dev/shm', 'tmpfs', 'mode=1777,nosuid,nodev'),
    line('overlay', TOOLBOX, 'overlay', 'lowerdir=../tools:../empty,nosuid,nodev'),
  ].join('');
}

/** Fills the folder that becomes the machine's /dev. */
export async function makeDev(
  dir: string,
  network: 'shared' | 'none',
  hostResolv: string,
  hostHosts: string,
): Promise<void> {
  const files = path.join(dir, path.relative('/dev', FILES_DIR));
  await Promise.all(
    [path.join(dir, 'pts'), path.join(dir, 'shm'), path.join(dir, path.relative('/dev', TOOLBOX)), files].map(
      makeFolder,
    ),
  );
  const links = { fd: '/proc/self/fd', stdin: 'fd/0', stdout: 'fd/1', stderr: 'fd/2', ptmx: 'pts/ptmx' };
  await Promise.all([
    ...Object.entries(links).map(([name, target]) => fsp.symlink(target, path.join(dir, name))),
    ...DEVICES.map((name) => fsp.writeFile(path.join(dir, name), '')),
    fsp.writeFile(path.join(files, 'resolv.conf'), network === 'shared' ? hostResolv : ''),
    fsp.writeFile(path.join(files, 'hosts'), `${HOSTS}${network === 'shared' ? hostHosts : ''}`),
  ]);
}

const HOSTS = `127.0.0.1\t${HOSTNAME}\n::1\t${HOSTNAME} ip6-localhost ip6-loopback\n`;

async function makeFolder(dir: string): Promise<void> {
  await fsp.mkdir(dir, { recursive: true, mode: 0o755 });
}

/** Spaces and the like as fstab(5) writes them. */
function escape(field: string): string {
  return field.replace(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
}
