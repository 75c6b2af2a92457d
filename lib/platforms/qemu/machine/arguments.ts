import * as path from 'node:path';
import type { QemuConfig } from '../props/qemu-props';
import {
  agentSocket,
  blockNode,
  qmpSocket,
  serialLog,
  tpmSocket,
  vncSocket,
  type BlockOptions,
  type Layout,
} from './layout';

/** An option of QEMU with its value. */
export type Option = readonly [name: string, value?: string];

/** Which accelerator was chosen. */
export type Accelerator = 'kvm' | 'hvf' | 'whpx' | 'xen' | 'hax' | 'tcg' | 'none';

/** Options of which there is but one: the user's takes the place of ours. Of all others there may be many. */
const SINGLE = [
  'machine',
  'cpu',
  'smp',
  'm',
  'vga',
  'display',
  'name',
  'rtc',
  'boot',
  'accel',
  'bios',
  'vnc',
  'serial',
];

/** How QEMU is called for a machine. */
export function argumentsOf(config: QemuConfig, layout: Layout, accelerator: Accelerator, name: string): string[] {
  const ours: Option[] = [
    ['no-user-config'],
    ['nodefaults'],
    ['name', `guest=${comma(name)}`],
    ['pidfile', path.join(layout.dir, 'qemu.number')],
    ['machine', machineOf(config)],
    ...accel(accelerator),
    ...(accelerator === 'none' ? [] : [['cpu', cpuOf(config, accelerator)] as const]),
    ['smp', smpOf(config)],
    ['m', String(config.memory ?? 1024)],
    ['rtc', 'base=utc,clock=host'],
    ['qmp', `unix:${comma(qmpSocket(layout.sockets))},server=on,wait=off`],
    ['chardev', `file,id=serial0,path=${comma(serialLog(layout.dir))},append=on`],
    ['serial', 'chardev:serial0'],
    ['vga', config.vga ?? 'std'],
    ...display(config, layout),
    ...firmware(config, layout),
    ...disks(config, layout),
    ...media(config, layout),
    ...network(config, layout),
    ...(config.vtpm === true ? tpm(config, layout) : []),
    ...(isX86(config) ? ([['device', 'vmgenid,guid=auto']] as const) : []),
    ['device', 'virtio-rng-pci'],
    ...(config.kernel === undefined ? [] : direct(config)),
    ...(layout.incoming === true ? ([['incoming', 'defer']] as const) : []),
    ['S'],
  ];
  return merged(ours, config.qemuArgs ?? []).flatMap(([option, value]) =>
    value === undefined ? [`-${option}`] : [`-${option}`, value],
  );
}

/** Ours with the user's: an option of which there is but one is the user's, if given. */
export function merged(ours: readonly Option[], theirs: readonly (readonly string[])[]): Option[] {
  const given = theirs.map(([name, value]): Option => {
    const option = name!.replace(/^-+/, '');
    return value === undefined ? [option] : [option, value];
  });
  const replaced = new Set(given.map(([name]) => name).filter((name) => SINGLE.includes(name)));
  return [...ours.filter(([name]) => !replaced.has(name)), ...given];
}

/** Whether the emulator is one of a PC. */
export function isX86({ qemuBinary = 'qemu-system-x86_64' }: Pick<QemuConfig, 'qemuBinary'>): boolean {
  return /(x86_64|i386|kvm)[^/]*$/.test(qemuBinary);
}

/** Commas part the words of an option; one that is meant is doubled. */
function comma(text: string): string {
  return text.replaceAll(',', ',,');
}

function machineOf(config: QemuConfig): string {
  const type = config.machineType ?? (!isX86(config) ? 'virt' : config.secureBoot === true ? 'q35' : 'pc');
  return config.secureBoot === true ? `${type},smm=on` : type;
}

function accel(accelerator: Accelerator): Option[] {
  if (accelerator === 'none') return [];
  return [['accel', accelerator === 'tcg' ? 'tcg,thread=multi' : accelerator]];
}

/**
 * All that software can be, but for what makes a boot a tenth longer: virtualization of its own, whose hypervisor a guest would load,
 * and page tables of five levels. Without `min-xlevel` QEMU would then hide how long addresses are, and Linux guess wrong.
 */
const SOFTWARE_PC = 'max,svm=off,la57=off,min-xlevel=0x80000008';

function cpuOf(config: QemuConfig, accelerator: Accelerator): string {
  if (config.cpuModel !== undefined) return config.cpuModel;
  if (accelerator !== 'tcg') return accelerator === 'whpx' ? 'max' : 'host';
  return isX86(config) ? SOFTWARE_PC : 'max';
}

function smpOf({ cpus, sockets, cores, threads }: QemuConfig): string {
  const whole = cpus ?? (sockets ?? 1) * (cores ?? 1) * (threads ?? 1);
  const parts = Object.entries({ sockets, cores, threads }).flatMap(([key, value]) => (value ? `${key}=${value}` : []));
  return [`cpus=${whole}`, ...parts].join(',');
}

function display(config: QemuConfig, { sockets }: Layout): Option[] {
  const window = config.headless === false ? (config.display === undefined ? [] : [config.display]) : ['none'];
  const password = config.vncPassword === undefined ? '' : ',password=on';
  const min = (config.vncPortMin ?? 5900) - 5900;
  const max = (config.vncPortMax ?? 6000) - 5900;
  const vnc =
    config.vncBindAddress === undefined
      ? `unix:${comma(vncSocket(sockets))}${password}`
      : `${config.vncBindAddress}:${min},to=${max}${password}`;
  return [...window.map((value): Option => ['display', value]), ['vnc', vnc]];
}

function firmware(config: QemuConfig, { efi }: Layout): Option[] {
  if (config.firmware !== undefined) return [['bios', config.firmware]];
  if (!efi) return [];
  return [
    ['drive', `if=pflash,format=raw,unit=0,readonly=on,file=${comma(efi.code)}`],
    ['drive', `if=pflash,format=raw,unit=1,file=${comma(efi.vars)}`],
    ...(config.secureBoot === true ? ([['global', 'driver=cfi.pflash01,property=secure,value=on']] as const) : []),
  ];
}

/** How the host's cache is used, in the words of block nodes (QEMU's documentation of `cache=`). */
export function blockOptions(config: QemuConfig): BlockOptions {
  const mode = config.diskCache ?? 'unsafe';
  return {
    discard: config.diskDiscard ?? 'unmap',
    detectZeroes:
      (config.diskDiscard ?? 'unmap') === 'unmap'
        ? (config.diskDetectZeroes ?? 'unmap')
        : (config.diskDetectZeroes ?? 'off'),
    cache: { direct: mode === 'none' || mode === 'directsync', 'no-flush': mode === 'unsafe' },
  };
}

function disks(config: QemuConfig, { disks: chains }: Layout): Option[] {
  const options = chains.flatMap((chain, index): Option[] => {
    const name = `disk${index}`;
    return [
      ['blockdev', JSON.stringify(blockNode(chain, name, blockOptions(config)))],
      ['device', diskDevice(config, name, index)],
    ];
  });
  return [...controller(config), ...options];
}

function controller({ diskInterface, cdromInterface, cdFiles, cdContent, iso }: QemuConfig): Option[] {
  const hasCd = [cdFiles, cdContent, iso].some((given) => given !== undefined);
  const scsi = diskInterface === 'virtio-scsi' || (cdromInterface === 'scsi' && hasCd && diskInterface !== 'scsi');
  return [
    ...(scsi ? ([['device', 'virtio-scsi-pci,id=scsi0']] as const) : []),
    ...(diskInterface === 'scsi' ? ([['device', 'lsi53c895a,id=scsi0']] as const) : []),
    ...(diskInterface === 'sata' ? ([['device', 'ich9-ahci,id=ahci0']] as const) : []),
  ];
}

function diskDevice({ diskInterface = 'virtio', diskCache }: QemuConfig, name: string, index: number): string {
  const writeCache = diskCache === 'writethrough' || diskCache === 'directsync' ? ',write-cache=off' : '';
  const common = `drive=${name},id=dev-${name},bootindex=${index === 0 ? 0 : index + 10}${writeCache}`;
  switch (diskInterface) {
    case 'virtio':
      return `virtio-blk-pci,${common}`;
    case 'virtio-scsi':
    case 'scsi':
      return `scsi-hd,bus=scsi0.0,${common}`;
    case 'sata':
      return `ide-hd,bus=ahci0.${index},${common}`;
    case 'ide':
      return `ide-hd,${common}`;
    case 'nvme':
      return `nvme,serial=goldsmith-${index},drive=${name},id=dev-${name},bootindex=${index === 0 ? 0 : index + 10}`;
  }
}

function media(config: QemuConfig, layout: Layout): Option[] {
  const kind = config.cdromInterface ?? (isX86(config) ? 'ide' : 'virtio');
  const cds = layout.cds.flatMap((file, index): Option[] => {
    const name = `cd${index}`;
    const device = { ide: 'ide-cd', scsi: 'scsi-cd,bus=scsi0.0', virtio: 'virtio-blk-pci' }[kind];
    return [
      ['drive', `if=none,id=${name},format=raw,readonly=on,file=${comma(file)}`],
      ['device', `${device},drive=${name},bootindex=${index + 1}`],
    ];
  });
  // Kernels of cloud images have drivers for virtio and for little else.
  const seed: Option[] =
    layout.seed === undefined
      ? []
      : [
          ['drive', `if=none,id=seed,format=raw,readonly=on,file=${comma(layout.seed)}`],
          ['device', 'virtio-blk-pci,drive=seed,id=dev-seed'],
        ];
  return [...cds, ...seed, ...floppy(config, layout)];
}

function floppy(config: QemuConfig, { floppy: file }: Layout): Option[] {
  if (file === undefined) return [];
  // Only the older of the two PCs comes with a controller.
  const isOld = /^pc($|-i440)/.test(config.machineType ?? 'pc') && config.secureBoot !== true;
  return [
    ['drive', `if=none,id=floppy0,format=raw,readonly=on,file=${comma(file)}`],
    ...(isOld ? [] : ([['device', 'isa-fdc,id=fdc0']] as const)),
    ['device', 'floppy,drive=floppy0'],
  ];
}

function network(config: QemuConfig, { sockets }: Layout): Option[] {
  const card: Option = ['device', `${config.netDevice ?? 'virtio-net-pci'},netdev=net0,id=nic0,romfile=`];
  if (config.netBridge !== undefined) {
    return [
      ['netdev', `bridge,id=net0,br=${comma(config.netBridge)}`],
      card,
      ['device', 'virtio-serial-pci'],
      ['chardev', `socket,id=agent0,path=${comma(agentSocket(sockets))},server=on,wait=off`],
      ['device', 'virtserialport,chardev=agent0,name=org.qemu.guest_agent.0'],
    ];
  }
  const communicator = typeof config.communicator === 'object' ? (config.communicator.port ?? 22) : 22;
  const guestPorts = config.communicator === 'none' ? [] : [`hostfwd=tcp:127.0.0.1:0-:${communicator}`];
  const forwards = (config.portForwards ?? []).map(
    ({ guestPort, hostPort = 0, protocol = 'tcp', hostAddress = '127.0.0.1' }) =>
      `hostfwd=${protocol}:${hostAddress}:${hostPort}-:${guestPort}`,
  );
  return [['netdev', ['user,id=net0', ...guestPorts, ...forwards].join(',')], card];
}

function tpm(config: QemuConfig, { sockets }: Layout): Option[] {
  return [
    ['chardev', `socket,id=tpm0,path=${comma(tpmSocket(sockets))}`],
    ['tpmdev', 'emulator,id=tpm,chardev=tpm0'],
    ['device', `${config.tpmDeviceType ?? 'tpm-tis'},tpmdev=tpm`],
  ];
}

function direct({ kernel, initrd, append }: QemuConfig): Option[] {
  return [
    ['kernel', kernel!],
    ...(initrd === undefined ? [] : ([['initrd', initrd]] as const)),
    ...(append === undefined ? [] : ([['append', append]] as const)),
  ];
}
