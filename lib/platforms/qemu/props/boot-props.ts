import { z } from 'zod';
import { asset, duration, text, textMap } from '../../../extension/props';
import type { Text } from '../../../plan/late';

/** What cloud-init in the guest is told at its first boot (NoCloud). */
export interface QemuCloudInit {
  /** More of `#cloud-config`, as an object: goldsmith's own user, key and host key are merged into it. @default - none */
  readonly config?: Readonly<Record<string, unknown>>;
  /**
   * The whole user-data instead: a script, a `#cloud-config` or any other of cloud-init's formats. Then it must let goldsmith in
   * itself, with the users and keys that `communicator` names.
   * @default - made by goldsmith
   */
  readonly userData?: Text;
  /** Network configuration, version 1 or 2, as YAML. @default - cloud-init's: DHCP on the first card */
  readonly networkConfig?: Text;
  /** Packages to install at the first boot, before any step. @default - none */
  readonly packages?: readonly string[];
  /** Name of the guest. @default - the image's own */
  readonly hostname?: string;
  /** Waits until cloud-init is done before the first step. @default true */
  readonly wait?: boolean;
}

/** How a virtual machine boots, and what it finds then. */
export interface QemuBootProps {
  /** A Linux kernel to boot directly, past any firmware's boot loader. @default - the disk's own */
  readonly kernel?: Text;
  /** Initial RAM disk of `kernel`. @default - none */
  readonly initrd?: Text;
  /** Command line of `kernel`. @default - none */
  readonly append?: Text;
  /**
   * What cloud-init is told: `false` for guests without it, and with `iso` unless it is given.
   * @default - lets goldsmith in as root, with a key and a host key of its own
   */
  readonly cloudInit?: QemuCloudInit | false;
  /**
   * Keys to type once the machine is on, joined: Packer's language (`<enter>`, `<wait10>`, `<leftShiftOn>`, …), with
   * `<waitFor "login:">` besides, which waits until the text shows on the serial console or the text screen, and `{{ .HTTPIP }}`,
   * `{{ .HTTPPort }}`, `{{ .Name }}`, `{{ .SSHPublicKey }}`.
   * @default - nothing
   */
  readonly bootCommand?: readonly Text[];
  /** The same in named steps: `[[keys, what for], …]`. @default - see `bootCommand` */
  readonly bootSteps?: readonly (readonly Text[])[];
  /** Waits so long before the first key; `0s` not at all. @default '10s', and '0s' where the command begins with `<waitFor …>` */
  readonly bootWait?: string;
  /** Time between two keys. @default '20ms' */
  readonly bootKeyInterval?: string;
  /** How long one `<waitFor …>` may take. @default '5m' */
  readonly bootTimeout?: string;
  /** Folder that the guest can fetch by HTTP during the build. @default - none */
  readonly httpDirectory?: Text;
  /** Files that the guest can fetch by HTTP: path to content. @default - none */
  readonly httpContent?: Readonly<Record<string, Text>>;
  /** Address of the HTTP server. The guest of a user network reaches this machine's 127.0.0.1 as 10.0.2.2. @default '127.0.0.1' */
  readonly httpBindAddress?: string;
  /** Lowest port of the HTTP server. @default 8000 */
  readonly httpPortMin?: number;
  /** Highest port of the HTTP server. @default 9000 */
  readonly httpPortMax?: number;
  /** Files (or globs) to put on a floppy's root. @default - none */
  readonly floppyFiles?: readonly Text[];
  /** Folders to put on the floppy, as they are. @default - none */
  readonly floppyDirs?: readonly Text[];
  /** Files of the floppy by content. @default - none */
  readonly floppyContent?: Readonly<Record<string, Text>>;
  /** Label of the floppy. @default 'packer' */
  readonly floppyLabel?: string;
  /** Files, globs and folders to put on a CD. @default - none */
  readonly cdFiles?: readonly Text[];
  /** Files of the CD by content. @default - none */
  readonly cdContent?: Readonly<Record<string, Text>>;
  /** Label of the CD. @default 'packer' */
  readonly cdLabel?: string;
  /** How CDs are attached. @default - as the machine type has it */
  readonly cdromInterface?: 'ide' | 'scsi' | 'virtio';
}

const port = z.number().int().min(1).max(65535);
const label = z.string().regex(/^[A-Za-z0-9_ -]{1,32}$/, 'a label of at most 32 letters, digits, - and _');

/** Schemas of {@link QemuBootProps}. */
export const bootShape = {
  kernel: asset('file').optional(),
  initrd: asset('file').optional(),
  append: text().optional(),
  cloudInit: z
    .union([
      z.literal(false),
      z.strictObject({
        config: z.record(z.string(), z.unknown()).optional(),
        userData: text().optional(),
        networkConfig: text().optional(),
        packages: z.array(z.string()).optional(),
        hostname: z.string().min(1).optional(),
        wait: z.boolean().optional(),
      }),
    ])
    .optional(),
  bootCommand: z.array(text()).optional(),
  bootSteps: z.array(z.array(text()).min(1).max(2)).optional(),
  bootWait: duration().optional(),
  bootKeyInterval: duration().optional(),
  bootTimeout: duration().optional(),
  httpDirectory: asset('directory').optional(),
  httpContent: textMap().optional(),
  httpBindAddress: z.string().min(1).optional(),
  httpPortMin: port.optional(),
  httpPortMax: port.optional(),
  floppyFiles: z.array(asset('file')).optional(),
  floppyDirs: z.array(asset('directory')).optional(),
  floppyContent: textMap().optional(),
  floppyLabel: label.optional(),
  cdFiles: z.array(asset('any')).optional(),
  cdContent: textMap().optional(),
  cdLabel: label.optional(),
  cdromInterface: z.enum(['ide', 'scsi', 'virtio']).optional(),
} as const;
