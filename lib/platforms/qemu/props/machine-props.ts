import { z } from 'zod';
import { text } from '../../../extension/props';
import type { Text } from '../../../plan/late';

/** A port of this machine that leads into the guest. */
export interface QemuPortForward {
  /** Port in the guest. */
  readonly guestPort: number;
  /** Port on this machine. @default - a free one */
  readonly hostPort?: number;
  /** Protocol of the port. @default 'tcp' */
  readonly protocol?: 'tcp' | 'udp';
  /** Address of this machine to listen on. @default '127.0.0.1' */
  readonly hostAddress?: string;
}

/** The hardware of a virtual machine. Names and meanings are Packer's where Packer has them. */
export interface QemuMachineProps {
  /**
   * What runs the guest's code. `auto` takes this system's own (kvm, hvf, whpx) where a small probe really boots under it, else tcg,
   * which is software and slower by an order of magnitude.
   * @default 'auto'
   */
  readonly accelerator?: 'auto' | 'kvm' | 'hvf' | 'whpx' | 'xen' | 'hax' | 'tcg' | 'none';
  /** Name or path of the emulator. @default 'qemu-system-x86_64' */
  readonly qemuBinary?: string;
  /** Machine type, as `qemu-system-x86_64 -machine help` lists them. @default 'pc', or 'q35' with `secureBoot` */
  readonly machineType?: string;
  /** Model of the CPU. @default - 'host' where the accelerator can, else 'max'; in software without `svm` and `la57` */
  readonly cpuModel?: string;
  /** Number of CPUs. @default - `sockets` × `cores` × `threads` */
  readonly cpus?: number;
  /** Sockets. @default 1 */
  readonly sockets?: number;
  /** Cores of each socket. @default - what makes up `cpus` */
  readonly cores?: number;
  /** Threads of each core. @default 1 */
  readonly threads?: number;
  /** Memory in MiB. @default 1024 */
  readonly memory?: number;
  /** Boots by UEFI rather than BIOS, with a file of variables that goes into the artifact. @default false */
  readonly efiBoot?: boolean;
  /** Firmware code for `efiBoot`. @default - OVMF, where the distributions put it */
  readonly efiFirmwareCode?: string;
  /** Initial variables for `efiBoot`. @default - those that belong to the code */
  readonly efiFirmwareVars?: string;
  /** Firmware with Microsoft's keys enrolled and secure boot on; takes `efiBoot` for granted. @default false */
  readonly secureBoot?: boolean;
  /** Leaves the UEFI variables out of the artifact. @default false */
  readonly efiDropEfivars?: boolean;
  /** BIOS file for `-bios`. @default - QEMU's own */
  readonly firmware?: string;
  /** Gives the guest a TPM, emulated by `swtpm`. @default false */
  readonly vtpm?: boolean;
  /** Makes it a TPM 1.2 rather than 2.0. @default false */
  readonly useTpm1?: boolean;
  /** Device of the TPM. @default 'tpm-tis' */
  readonly tpmDeviceType?: string;
  /**
   * Size of the first disk, such as `20G`; suffixes b, k, M, G, T. A disk from an image can be made larger, not smaller.
   * @default - the image's; 40G with `iso`
   */
  readonly diskSize?: string;
  /** Sizes of further, empty disks. @default - none */
  readonly diskAdditionalSize?: readonly string[];
  /** How disks are attached. @default 'virtio' */
  readonly diskInterface?: 'virtio' | 'virtio-scsi' | 'scsi' | 'sata' | 'ide' | 'nvme';
  /**
   * Cache mode. `unsafe` does not wait for this machine's disk: should this machine crash, the build is lost, and nothing else.
   * @default 'unsafe'
   */
  readonly diskCache?: 'writethrough' | 'writeback' | 'none' | 'unsafe' | 'directsync';
  /** Whether what the guest trims is given back. @default 'unmap' */
  readonly diskDiscard?: 'unmap' | 'ignore';
  /** Whether zeroes that the guest writes take no room. @default 'unmap' */
  readonly diskDetectZeroes?: 'unmap' | 'on' | 'off';
  /** Model of the network card. @default 'virtio-net-pci' */
  readonly netDevice?: string;
  /**
   * A bridge of this machine to put the guest on, by qemu-bridge-helper. The guest's address is then asked of its agent or the ARP table.
   * @default - QEMU's user network, which needs no rights
   */
  readonly netBridge?: string;
  /** Ports that lead into the guest, beside the communicator's. @default - none */
  readonly portForwards?: readonly QemuPortForward[];
  /** Whether no window is opened. @default true */
  readonly headless?: boolean;
  /** Display with `headless: false`, as `-display` takes it. @default - QEMU's own */
  readonly display?: string;
  /** Graphics card, as `-vga` takes it. @default 'std' */
  readonly vga?: string;
  /** Address to serve VNC on. @default - VNC only for goldsmith itself, on a socket of its own */
  readonly vncBindAddress?: string;
  /** Lowest port for VNC. @default 5900 */
  readonly vncPortMin?: number;
  /** Highest port for VNC. @default 6000 */
  readonly vncPortMax?: number;
  /** Password that VNC asks for, of at most 8 characters: a `Secret`. @default - none */
  readonly vncPassword?: Text;
  /**
   * Options for QEMU, each with its value or without. One of an option that goldsmith sets itself takes that one's place.
   * @default - none
   */
  readonly qemuArgs?: readonly (readonly string[])[];
}

/** A size as qemu-img takes it. */
export const sizeSchema = z.string().regex(/^\d+(\.\d+)?[bkKmMgGtT]?$/, 'a size such as `20G` or `512M`');
const port = z.number().int().min(1).max(65535);
const word = z.string().min(1);

/** Schemas of {@link QemuMachineProps}. */
export const machineShape = {
  accelerator: z.enum(['auto', 'kvm', 'hvf', 'whpx', 'xen', 'hax', 'tcg', 'none']).optional(),
  qemuBinary: word.optional(),
  machineType: word.optional(),
  cpuModel: word.optional(),
  cpus: z.number().int().min(1).optional(),
  sockets: z.number().int().min(1).optional(),
  cores: z.number().int().min(1).optional(),
  threads: z.number().int().min(1).optional(),
  memory: z.number().int().min(4).optional(),
  efiBoot: z.boolean().optional(),
  efiFirmwareCode: word.optional(),
  efiFirmwareVars: word.optional(),
  secureBoot: z.boolean().optional(),
  efiDropEfivars: z.boolean().optional(),
  firmware: word.optional(),
  vtpm: z.boolean().optional(),
  useTpm1: z.boolean().optional(),
  tpmDeviceType: word.optional(),
  diskSize: sizeSchema.optional(),
  diskAdditionalSize: z.array(sizeSchema).optional(),
  diskInterface: z.enum(['virtio', 'virtio-scsi', 'scsi', 'sata', 'ide', 'nvme']).optional(),
  diskCache: z.enum(['writethrough', 'writeback', 'none', 'unsafe', 'directsync']).optional(),
  diskDiscard: z.enum(['unmap', 'ignore']).optional(),
  diskDetectZeroes: z.enum(['unmap', 'on', 'off']).optional(),
  netDevice: word.optional(),
  netBridge: word.optional(),
  portForwards: z
    .array(
      z.strictObject({
        guestPort: port,
        hostPort: port.optional(),
        protocol: z.enum(['tcp', 'udp']).optional(),
        hostAddress: word.optional(),
      }),
    )
    .optional(),
  headless: z.boolean().optional(),
  display: word.optional(),
  vga: word.optional(),
  vncBindAddress: word.optional(),
  vncPortMin: z.number().int().min(5900, 'VNC has no ports below 5900').max(65535).optional(),
  vncPortMax: z.number().int().min(5900, 'VNC has no ports below 5900').max(65535).optional(),
  vncPassword: text().optional(),
  qemuArgs: z.array(z.array(z.string()).min(1).max(2)).optional(),
} as const;
