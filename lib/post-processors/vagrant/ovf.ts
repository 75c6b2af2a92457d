import { CPUS, MEMORY, type Hardware } from './hardware';
import { xml } from './text';

/** A disk as an OVF describes it. */
export interface OvfDisk {
  readonly name: string;
  /** Bytes of the file. */
  readonly size: number;
  /** Bytes that the guest sees. */
  readonly capacity: number;
}

/** CIM_OperatingSystem.OsType, and VirtualBox's own name. */
const SYSTEMS = {
  linux: { id: 101, name: 'Linux_64' },
  windows: { id: 102, name: 'Windows10_64' },
  other: { id: 102, name: 'Other_64' },
} as const;

/** CIM_ResourceAllocationSettingData.ResourceType of the controllers, and their kinds as VirtualBox writes them. */
const CONTROLLERS = {
  sata: { type: 20, subtype: 'AHCI', name: 'sataController0' },
  scsi: { type: 6, subtype: 'lsilogic', name: 'scsiController0' },
  ide: { type: 5, subtype: 'PIIX4', name: 'ideController0' },
} as const;

/** The description of a machine in OVF 1.0 (DMTF DSP0243), with what VirtualBox adds to it. */
export function ovf(name: string, disks: readonly OvfDisk[], { memory, cpus, os, diskBus }: Hardware): string {
  const system = SYSTEMS[os];
  const controller = CONTROLLERS[diskBus === 'scsi' || diskBus === 'ide' ? diskBus : 'sata'];
  const count = cpus ?? CPUS;
  const size = memory ?? MEMORY;
  const items = [
    item({
      Caption: `${count} virtual CPU`,
      ElementName: `${count} virtual CPU`,
      InstanceID: 1,
      ResourceType: 3,
      VirtualQuantity: count,
    }),
    item({
      AllocationUnits: 'MegaBytes',
      Caption: `${size} MB of memory`,
      ElementName: `${size} MB of memory`,
      InstanceID: 2,
      ResourceType: 4,
      VirtualQuantity: size,
    }),
    item({
      Address: 0,
      Caption: controller.name,
      ElementName: controller.name,
      InstanceID: 3,
      ResourceSubType: controller.subtype,
      ResourceType: controller.type,
    }),
    item({
      AutomaticAllocation: 'true',
      Caption: "Ethernet adapter on 'NAT'",
      Connection: 'NAT',
      ElementName: "Ethernet adapter on 'NAT'",
      InstanceID: 4,
      ResourceSubType: 'E1000',
      ResourceType: 10,
    }),
    ...disks.map((_disk, index) =>
      item({
        AddressOnParent: index,
        Caption: `disk${index + 1}`,
        ElementName: `disk${index + 1}`,
        HostResource: `/disk/vmdisk${index + 1}`,
        InstanceID: 5 + index,
        Parent: 3,
        ResourceType: 17,
      }),
    ),
  ];
  return `<?xml version="1.0"?>
<Envelope ovf:version="1.0" xml:lang="en-US" xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData" xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData" xmlns:vbox="http://www.virtualbox.org/ovf/machine">
  <References>
${disks.map((disk, index) => `    <File ovf:id="file${index + 1}" ovf:href="${xml(disk.name)}" ovf:size="${disk.size}"/>`).join('\n')}
  </References>
  <DiskSection>
    <Info>Disks of the machine</Info>
${disks.map((disk, index) => `    <Disk ovf:capacity="${disk.capacity}" ovf:diskId="vmdisk${index + 1}" ovf:fileRef="file${index + 1}" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>`).join('\n')}
  </DiskSection>
  <NetworkSection>
    <Info>Networks of the machine</Info>
    <Network ovf:name="NAT">
      <Description>NAT</Description>
    </Network>
  </NetworkSection>
  <VirtualSystem ovf:id="${xml(name)}">
    <Info>A virtual machine</Info>
    <OperatingSystemSection ovf:id="${system.id}">
      <Info>The operating system</Info>
      <Description>${system.name}</Description>
      <vbox:OSType ovf:required="false">${system.name}</vbox:OSType>
    </OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>The hardware</Info>
      <System>
        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>
        <vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>${xml(name)}</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>virtualbox-2.2</vssd:VirtualSystemType>
      </System>
${items.join('\n')}
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
`;
}

/** One piece of hardware. Its members must be in the order of the schema, which is that of their names. */
function item(members: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(members).map(([key, value]) => `        <rasd:${key}>${xml(value)}</rasd:${key}>`);
  return ['      <Item>', ...lines, '      </Item>'].join('\n');
}
