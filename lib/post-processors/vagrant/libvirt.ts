import type { BoxContent, BoxInput, BoxMaker } from './box';
import { boxDisks } from './box-disks';
import type { Hardware } from './hardware';
import { forProvider, ruby, vagrantfile } from './text';

const GIB = 1024 ** 3;

/**
 * The boxes of vagrant-libvirt ("Box Format": version 1 for one disk, version 2 for several) and of vagrant-qemu, which reads the
 * same: qcow2 disks.
 */
export const libvirtBox: BoxMaker = (input) =>
  qcow2Box(input, ({ memory, cpus, diskBus, firmware }) => [
    ...forProvider('libvirt', {
      memory: memory?.toString(),
      cpus: cpus?.toString(),
      disk_bus: diskBus && ruby(diskBus),
      ...(firmware === 'uefi' && { machine_type: '"q35"', loader: OVMF }),
    }),
  ]);

/** The same for vagrant-qemu, whose own defaults are those of a Mac with ARM (its README, "Configuration"). */
export const qemuBox: BoxMaker = (input) =>
  qcow2Box(input, ({ memory, cpus, architecture }) => [
    ...forProvider('qemu', {
      ...(architecture === 'amd64' && {
        arch: '"x86_64"',
        machine: '"q35"',
        cpu: '"max"',
        net_device: '"virtio-net-pci"',
      }),
      memory: memory === undefined ? undefined : ruby(`${memory}M`),
      smp: cpus === undefined ? undefined : ruby(String(cpus)),
    }),
  ]);

/** Each distribution puts the firmware somewhere else. */
const OVMF = `[${[
  '/usr/share/OVMF/OVMF_CODE_4M.fd',
  '/usr/share/OVMF/OVMF_CODE.fd',
  '/usr/share/edk2/ovmf/OVMF_CODE.fd',
  '/usr/share/edk2/x64/OVMF_CODE.4m.fd',
  '/usr/share/qemu/ovmf-x86_64-code.bin',
]
  .map(ruby)
  .join(', ')}].find { |file| File.file?(file) }`;

async function qcow2Box(input: BoxInput, lines: (hardware: Hardware) => readonly string[]): Promise<BoxContent> {
  const { disks, hardware } = await input.machine();
  const only = disks.disks.length === 1;
  const name = (index: number): string => (only ? 'box.img' : `box_${index}.img`);
  const files = await boxDisks(disks.disks, { format: 'qcow2', asItIs: true, name }, input);
  return {
    metadata: {
      format: 'qcow2',
      virtual_size: Math.ceil(disks.disks[0]!.virtualSize / GIB),
      ...(!only && { disks: files.map((file) => ({ path: file.name, format: 'qcow2' })) }),
    },
    vagrantfile: vagrantfile(lines(hardware)),
    files,
  };
}
