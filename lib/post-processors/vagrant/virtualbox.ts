import { createReadStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../../errors';
import { listLocal } from '../../util/tar/list';
import { unpackEntries } from '../../util/tar/unpack';
import type { LocalFile } from '../artifact-files';
import { Meter } from '../artifact-files';
import type { BoxContent, BoxFile, BoxInput, BoxMaker } from './box';
import { boxDisks } from './box-disks';
import { ovf } from './ovf';
import { ruby, vagrantfile } from './text';

/**
 * The box of VirtualBox: a machine in OVF that is called box.ovf, its disks, and the MAC address of its first card
 * (developer.hashicorp.com, Vagrant, "Creating a Base Box" for VirtualBox).
 */
export const virtualboxBox: BoxMaker = async (input) => {
  const given = await exportedFiles(input);
  return given === undefined ? fromDisk(input) : fromExport(given);
};

/** A machine that was exported: as OVF with its disks, or all of it in an OVA, which is a tar of these. */
async function exportedFiles(input: BoxInput): Promise<readonly BoxFile[] | undefined> {
  const ova = input.files.find(({ path: file }) => endsWith(file, '.ova'));
  if (ova) {
    const folder = await input.temporary();
    await unpackOva(ova, folder, input);
    const entries = await listLocal(folder);
    return entries.filter(({ stat }) => stat.isFile()).map((one) => ({ ...one, name: path.basename(one.name) }));
  }
  if (!input.files.some(({ path: file }) => endsWith(file, '.ovf'))) return undefined;
  return input.files
    .filter(({ stats }) => stats.isFile())
    .map(({ path: file, stats }) => ({ name: path.basename(file), file, stat: stats }));
}

async function unpackOva({ path: file, stats }: LocalFile, folder: string, { ctx }: BoxInput): Promise<void> {
  const meter = new Meter(ctx, `unpack ${path.basename(file)}`, stats.size);
  const archive = createReadStream(file, { highWaterMark: 1024 * 1024, signal: ctx.signal });
  await unpackEntries(archive, folder, (bytes) => meter.add(bytes)).catch((error: unknown) => {
    ctx.signal.throwIfAborted();
    throw error;
  });
}

async function fromExport(files: readonly BoxFile[]): Promise<BoxContent> {
  const machine = files.find(({ name }) => endsWith(name, '.ovf'));
  if (!machine) {
    throw new GoldsmithError('INCOMPATIBLE_INPUT', `the OVA has no .ovf: ${files.map(({ name }) => name).join(', ')}`);
  }
  const mac = /MACAddress="([0-9A-Fa-f]{12})"/.exec(await fs.readFile(machine.file, 'utf8'))?.[1];
  return {
    vagrantfile: vagrantfile(mac === undefined ? [] : [`config.vm.base_mac = ${ruby(mac)}`]),
    // A manifest has the name that the machine had.
    files: files
      .filter(({ name }) => !endsWith(name, '.mf') && !endsWith(name, '.cert'))
      .map((one) => (one === machine ? { ...one, name: 'box.ovf' } : one)),
  };
}

async function fromDisk(input: BoxInput): Promise<BoxContent> {
  const { disks, hardware } = await input.machine();
  const name = (index: number): string => `box-disk${String(index + 1).padStart(3, '0')}.vmdk`;
  const files = await boxDisks(disks.disks, { format: 'vmdk', subformat: 'streamOptimized', name }, input);
  const mac = `080027${disks.disks[0]!.sha256.slice(0, 6)}`.toUpperCase();
  const described = files.map((file, index) => ({
    name: file.name,
    size: file.stat.size,
    capacity: disks.disks[index]!.virtualSize,
  }));
  return {
    vagrantfile: vagrantfile([
      `config.vm.base_mac = ${ruby(mac)}`,
      ...(hardware.firmware === 'uefi'
        ? [
            'config.vm.provider :virtualbox do |provider|',
            '  provider.customize ["modifyvm", :id, "--firmware", "efi"]',
            'end',
          ]
        : []),
    ]),
    texts: { 'box.ovf': ovf(input.name, described, hardware) },
    files,
  };
}

function endsWith(file: string, ending: string): boolean {
  return file.toLowerCase().endsWith(ending);
}
