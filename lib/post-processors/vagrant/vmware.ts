import * as path from 'node:path';
import type { BoxContent, BoxMaker } from './box';
import { boxDisks } from './box-disks';
import { CPUS, MEMORY, type Hardware } from './hardware';

/** What belongs to a machine of VMware (developer.hashicorp.com, Vagrant, "VMware Box Format"). */
const PARTS = ['.vmx', '.vmdk', '.nvram', '.vmsd', '.vmxf'];

/** The box of VMware Workstation and Fusion: a .vmx with its disks. */
export const vmwareBox: BoxMaker = async (input): Promise<BoxContent> => {
  const ending = (file: string): string => path.extname(file).toLowerCase();
  if (input.files.some(({ path: file }) => ending(file) === '.vmx')) {
    const parts = input.files.filter(({ path: file, stats }) => stats.isFile() && PARTS.includes(ending(file)));
    return {
      vagrantfile: '',
      files: parts.map(({ path: file, stats }) => ({ name: path.basename(file), file, stat: stats })),
    };
  }
  const { disks, hardware } = await input.machine();
  const name = (index: number): string => `disk-${index}.vmdk`;
  const wanted = {
    format: 'vmdk',
    subformat: 'monolithicSparse',
    args: ['-o', 'adapter_type=lsilogic'],
    name,
  } as const;
  const files = await boxDisks(disks.disks, wanted, input);
  return {
    vagrantfile: '',
    texts: {
      'box.vmx': vmx(
        input.name,
        files.map((file) => file.name),
        hardware,
      ),
    },
    files,
  };
};

/** Names of guests in VMware's API (VirtualMachineGuestOsIdentifier), as a .vmx has them. */
const SYSTEMS = {
  amd64: { linux: 'other4xlinux-64', windows: 'windows9-64', other: 'other-64' },
  arm64: { linux: 'arm-other5xlinux-64', windows: 'arm-windows11-64', other: 'arm-other-64' },
} as const;

function vmx(
  name: string,
  disks: readonly string[],
  { memory, cpus, firmware, os, diskBus, architecture }: Hardware,
): string {
  const arm = architecture === 'arm64';
  const bus = diskBus === 'scsi' || diskBus === 'ide' ? diskBus : 'sata';
  const settings: Record<string, string | number> = {
    '.encoding': 'UTF-8',
    'config.version': 8,
    // That of Workstation 14 and Fusion 10; of ARM the first that there is.
    'virtualHW.version': arm ? 20 : 14,
    displayName: name.replaceAll('"', ''),
    guestOS: SYSTEMS[arm ? 'arm64' : 'amd64'][os],
    ...((firmware === 'uefi' || arm) && { firmware: 'efi' }),
    memsize: memory ?? MEMORY,
    numvcpus: cpus ?? CPUS,
    'pciBridge0.present': 'TRUE',
    'pciBridge4.present': 'TRUE',
    'pciBridge4.virtualDev': 'pcieRootPort',
    'pciBridge4.functions': 8,
    'floppy0.present': 'FALSE',
    'ethernet0.present': 'TRUE',
    'ethernet0.connectionType': 'nat',
    'ethernet0.virtualDev': arm ? 'e1000e' : 'e1000',
    'ethernet0.addressType': 'generated',
    ...(bus !== 'ide' && { [`${bus}0.present`]: 'TRUE' }),
    ...(bus === 'scsi' && { 'scsi0.virtualDev': 'lsilogic' }),
  };
  for (const [index, file] of disks.entries()) {
    const place = bus === 'ide' ? `ide${index >> 1}:${index & 1}` : `${bus}0:${index}`;
    settings[`${place}.present`] = 'TRUE';
    settings[`${place}.fileName`] = file;
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key} = "${value}"\n`)
    .join('');
}
