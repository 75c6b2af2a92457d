import { z } from 'zod';
import { text, textMap, type Rule } from '../../../extension/props';
import type { Text } from '../../../plan/late';

/** The volume, and how it becomes a root on this machine. */
export interface AmazonChrootMountProps {
  /** Starts from an empty volume: `preMountCommands` partition it and make its file system. @default false */
  readonly fromScratch?: boolean;
  /** Name under which the volume is attached, such as `/dev/sdf`. @default - the first of /dev/sdf to /dev/sdp that is free */
  readonly devicePath?: string;
  /** Path at which this machine shows the volume, such as `/dev/nvme1n1`. @default - it is found by the volume's serial number, or by `devicePath` */
  readonly nvmeDevicePath?: string;
  /** What every command on this machine goes through, with `{{.Command}}`, such as `sudo {{.Command}}`. @default '{{.Command}}' */
  readonly commandWrapper?: string;
  /** Shell commands on this machine before the volume is mounted, with `{{.Device}}`. @default - none */
  readonly preMountCommands?: readonly string[];
  /** Shell commands on this machine when the volume is mounted, with `{{.Device}}` and `{{.MountPath}}`. @default - none */
  readonly postMountCommands?: readonly string[];
  /** Options of the mount, such as `nouuid`. @default - none */
  readonly mountOptions?: readonly string[];
  /** Partition that is mounted; `0` is the whole volume. @default '1' */
  readonly mountPartition?: string;
  /** Folder of this machine that it is mounted at, with `{{.Device}}`. @default '/mnt/goldsmith/{{.Device}}' */
  readonly mountPath?: string;
  /**
   * What else is mounted for the steps, three texts each: type (`bind` for a folder of this machine), source, and place in the root.
   * @default - /proc, /sys, /dev, /dev/pts and binfmt_misc
   */
  readonly chrootMounts?: readonly (readonly string[])[];
  /** Files of this machine that are lent to the steps under the same path; what was there is put back. @default ['/etc/resolv.conf'] */
  readonly copyFiles?: readonly string[];
  /** Name of the root device in the image. @default - the base's; needed with `fromScratch` */
  readonly rootDeviceName?: string;
  /** Size of the root volume in GiB. @default - the base's; needed with `fromScratch` */
  readonly rootVolumeSize?: number;
  /** Kind of the root volume. @default - the base's */
  readonly rootVolumeType?: 'gp2' | 'gp3' | 'io1' | 'io2' | 'st1' | 'sc1' | 'standard';
  /** Tags of the volume that the build writes to. @default - goldsmith's own only */
  readonly rootVolumeTags?: Readonly<Record<string, Text>>;
  /** Whether the volume is encrypted, and so the image. @default - as the base's and the account's setting are */
  readonly rootVolumeEncryptBoot?: boolean;
  /** KMS key for that: id, alias or ARN. @default - AWS's own key */
  readonly rootVolumeKmsKeyId?: Text;
}

/** Packer's, in its order. */
export const CHROOT_MOUNTS: readonly (readonly string[])[] = [
  ['proc', 'proc', '/proc'],
  ['sysfs', 'sysfs', '/sys'],
  ['bind', '/dev', '/dev'],
  ['devpts', 'devpts', '/dev/pts'],
  ['binfmt_misc', 'binfmt_misc', '/proc/sys/fs/binfmt_misc'],
];

const absolute = z.string().regex(/^\//, 'an absolute path');

/** Schemas of {@link AmazonChrootMountProps}. */
export const chrootShape = {
  fromScratch: z.boolean().optional(),
  devicePath: absolute.optional(),
  nvmeDevicePath: absolute.optional(),
  commandWrapper: z.string().optional(),
  preMountCommands: z.array(z.string()).optional(),
  postMountCommands: z.array(z.string()).optional(),
  mountOptions: z.array(z.string()).optional(),
  mountPartition: z.string().regex(/^\d+$/, 'a number').optional(),
  mountPath: absolute.optional(),
  chrootMounts: z.array(z.array(z.string()).length(3, 'three texts: type, source and place')).optional(),
  copyFiles: z.array(absolute).optional(),
  rootDeviceName: z.string().min(1).optional(),
  rootVolumeSize: z.number().int().min(1).max(65_536).optional(),
  rootVolumeType: z.enum(['gp2', 'gp3', 'io1', 'io2', 'st1', 'sc1', 'standard']).optional(),
  rootVolumeTags: textMap().optional(),
  rootVolumeEncryptBoot: z.boolean().optional(),
  rootVolumeKmsKeyId: text().optional(),
} as const;

const NEEDED = ['rootVolumeSize', 'rootDeviceName', 'preMountCommands', 'amiBlockDeviceMappings'] as const;

const scratch: Rule = ({ fromScratch, rootDeviceName, amiBlockDeviceMappings, ...given }) => {
  if (fromScratch !== true) return undefined;
  const whole: Readonly<Record<string, unknown>> = { ...given, rootDeviceName, amiBlockDeviceMappings };
  const missing = NEEDED.find((name) => whole[name] === undefined);
  if (missing !== undefined)
    return `\`fromScratch\` needs \`${missing}\`: ${NEEDED.map((name) => `\`${name}\``).join(', ')}`;
  const names = (amiBlockDeviceMappings as readonly { readonly deviceName: string }[]).map((one) => one.deviceName);
  return names.includes(rootDeviceName as string)
    ? undefined
    : `\`rootDeviceName\` is \`${rootDeviceName as string}\`, and must be one of \`amiBlockDeviceMappings\`: ${names.join(', ')}`;
};

const wrapper: Rule = ({ commandWrapper }) =>
  typeof commandWrapper === 'string' && !/\{\{\s*\.Command\s*\}\}/.test(commandWrapper)
    ? '`commandWrapper` has no `{{.Command}}`: nothing would be run'
    : undefined;

const encryption: Rule = ({ rootVolumeKmsKeyId, rootVolumeEncryptBoot }) =>
  rootVolumeKmsKeyId !== undefined && rootVolumeEncryptBoot !== true
    ? '`rootVolumeKmsKeyId` needs `rootVolumeEncryptBoot: true`'
    : undefined;

/** What must hold between {@link AmazonChrootMountProps}. */
export const chrootRules: readonly Rule[] = [scratch, wrapper, encryption];
