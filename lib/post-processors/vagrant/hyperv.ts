import { GoldsmithError } from '../../errors';
import type { BoxContent, BoxMaker } from './box';
import { boxDisks } from './box-disks';
import { CPUS, MEMORY, type Hardware } from './hardware';
import { xml } from './text';

const MACHINES = 'Virtual Machines';
const DISKS = 'Virtual Hard Disks';

/** The box of Hyper-V: the folders of an exported machine (developer.hashicorp.com, Vagrant, "Creating a Base Box" for Hyper-V). */
export const hypervBox: BoxMaker = async (input): Promise<BoxContent> => {
  const exported = input.files.flatMap(({ path: file, stats }) => {
    const name = new RegExp(`[/\\\\]((?:${MACHINES}|${DISKS})[/\\\\].+)$`).exec(file)?.[1];
    return name !== undefined && stats.isFile() ? [{ name: name.replaceAll('\\', '/'), file, stat: stats }] : [];
  });
  if (exported.some(({ name }) => name.startsWith(MACHINES))) return { vagrantfile: '', files: exported };
  const { disks, hardware } = await input.machine();
  if (disks.disks.length > 1) {
    throw new GoldsmithError(
      'INCOMPATIBLE_INPUT',
      `a box for Hyper-V takes one disk, and the artifact has ${disks.disks.length}`,
      { hint: "Vagrant's import for Hyper-V looks at the first one only; leave `hyperv` out of `providers`" },
    );
  }
  const name = `${DISKS}/disk.vhdx`;
  const files = await boxDisks(disks.disks, { format: 'vhdx', asItIs: true, name: () => name }, input);
  return { vagrantfile: '', texts: { [`${MACHINES}/box.xml`]: configuration(input.name, hardware) }, files };
};

/**
 * The description of a machine, as far as Vagrant reads it (VagrantVM.psm1, New-VagrantVMXML): it makes a new machine by it. Each element
 * has an attribute, since PowerShell gives one without any as a string, which has no `#text`.
 */
function configuration(name: string, { memory, cpus, firmware }: Hardware): string {
  const size = memory ?? MEMORY;
  const uefi = firmware === 'uefi';
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<configuration>',
    '  <properties>',
    `    <name type="string">${xml(name)}</name>`,
    `    <subtype type="integer">${uefi ? 1 : 0}</subtype>`,
    '  </properties>',
    '  <settings>',
    '    <memory>',
    '      <bank>',
    '        <dynamic_memory_enabled type="bool">False</dynamic_memory_enabled>',
    `        <limit type="integer">${size}</limit>`,
    `        <reservation type="integer">${size}</reservation>`,
    `        <size type="integer">${size}</size>`,
    '      </bank>',
    '    </memory>',
    '    <processors>',
    `      <count type="integer">${cpus ?? CPUS}</count>`,
    '    </processors>',
    '  </settings>',
    '  <firmware>',
    '    <boot>',
    '      <device0 type="string">HardDrive</device0>',
    '    </boot>',
    '    <secure_boot_enabled type="bool">False</secure_boot_enabled>',
    '  </firmware>',
    '  <disks>',
    // What has this member is a SCSI controller to Vagrant; a machine that boots by UEFI has no other.
    ...(uefi
      ? ['    <ChannelInstanceGuid type="string">{00000000-0000-0000-0000-000000000000}</ChannelInstanceGuid>']
      : []),
    '    <controller0>',
    '      <drive0>',
    '        <pathname type="string">disk.vhdx</pathname>',
    '        <type type="string">VHD</type>',
    '      </drive0>',
    '    </controller0>',
    '  </disks>',
    '</configuration>',
  ];
  return lines.map((line) => `${line}\r\n`).join('');
}
