import { z } from 'zod';

/** What boxes can be for, by Vagrant's names. */
export const VAGRANT_PROVIDERS = ['libvirt', 'qemu', 'virtualbox', 'vmware_desktop', 'hyperv', 'docker'] as const;

/** One of {@link VAGRANT_PROVIDERS}. */
export type VagrantProvider = (typeof VAGRANT_PROVIDERS)[number];

/** The machine that a box describes, where the artifact is but a disk. */
export interface VagrantHardware {
  /** Memory in MiB. @default 1024; with libvirt and QEMU the plugin's own */
  readonly memory?: number;
  /** Number of CPUs. @default 1; with libvirt and QEMU the plugin's own */
  readonly cpus?: number;
  /** What the machine boots by. @default - uefi where the artifact has UEFI variables, else bios */
  readonly firmware?: 'bios' | 'uefi';
  /** Kind of operating system, for providers that ask. @default 'linux' */
  readonly os?: 'linux' | 'windows' | 'other';
  /** How disks are attached; virtio only with libvirt and QEMU. Hyper-V has its own. @default - virtio, else sata */
  readonly diskBus?: 'virtio' | 'scsi' | 'sata' | 'ide';
}

/** The schema of {@link VagrantHardware}. */
export const hardwareSchema = z.strictObject({
  memory: z.number().int().min(4).optional(),
  cpus: z.number().int().min(1).optional(),
  firmware: z.enum(['bios', 'uefi']).optional(),
  os: z.enum(['linux', 'windows', 'other']).optional(),
  diskBus: z.enum(['virtio', 'scsi', 'sata', 'ide']).optional(),
});

/** What was said of the machine, with what follows from the artifact. */
export interface Hardware {
  readonly memory?: number | undefined;
  readonly cpus?: number | undefined;
  readonly firmware: 'bios' | 'uefi';
  readonly os: 'linux' | 'windows' | 'other';
  readonly diskBus?: 'virtio' | 'scsi' | 'sata' | 'ide' | undefined;
  readonly architecture: string;
}

/** Where a provider has to be told all of it. */
export const MEMORY = 1024;
export const CPUS = 1;
