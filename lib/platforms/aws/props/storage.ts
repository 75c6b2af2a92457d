import { z } from 'zod';
import { text, type Rule } from '../../../extension/props';
import type { Text } from '../../../plan/late';

/** A volume of the instance, or of the image. */
export interface BlockDevice {
  /** Name of the device, such as `/dev/sdb`. */
  readonly deviceName: string;
  /** Kind of volume: gp2, gp3, io1, io2, st1, sc1, standard. @default - AWS's */
  readonly volumeType?: 'gp2' | 'gp3' | 'io1' | 'io2' | 'st1' | 'sc1' | 'standard';
  /** Size in GiB. @default - the snapshot's */
  readonly volumeSize?: number;
  /** Operations a second, of gp3, io1 and io2. @default - AWS's; needed for io1 and io2 */
  readonly iops?: number;
  /** MiB a second, of gp3: 125 to 1000. @default 125 */
  readonly throughput?: number;
  /** Whether it is encrypted. @default - the account's setting, or the snapshot's */
  readonly encrypted?: boolean;
  /** KMS key that it is encrypted with: id, alias or ARN. @default - AWS's own key */
  readonly kmsKeyId?: Text;
  /** Snapshot that it starts from. @default - none */
  readonly snapshotId?: Text;
  /** Goes when the instance goes. @default true */
  readonly deleteOnTermination?: boolean;
  /** Leaves out a device that the base has. @default false */
  readonly noDevice?: boolean;
  /** Instance store volume, such as `ephemeral0`. @default - none */
  readonly virtualName?: string;
}

/** Volumes. */
export interface AmazonStorageProps {
  /** Volumes of the build's instance: they become part of the image. @default - the base's */
  readonly launchBlockDeviceMappings?: readonly BlockDevice[];
  /** Volumes of instances that start from the image, beside those of the build's instance. @default - none */
  readonly amiBlockDeviceMappings?: readonly BlockDevice[];
  /** Leaves out the instance store volumes that a base would attach. @default false */
  readonly noEphemeral?: boolean;
}

/** Schemas of {@link BlockDevice}. */
export const blockDeviceShape = {
  deviceName: z.string().min(1),
  volumeType: z.enum(['gp2', 'gp3', 'io1', 'io2', 'st1', 'sc1', 'standard']).optional(),
  volumeSize: z.number().int().min(1).max(65_536).optional(),
  iops: z.number().int().min(100).max(256_000).optional(),
  throughput: z.number().int().min(125).max(2000).optional(),
  encrypted: z.boolean().optional(),
  kmsKeyId: text().optional(),
  snapshotId: text().optional(),
  deleteOnTermination: z.boolean().optional(),
  noDevice: z.boolean().optional(),
  virtualName: z.string().optional(),
} as const;

/** The schema of a volume whose props these are. */
export function blockDeviceOf<S extends typeof blockDeviceShape>(shape: S): z.ZodObject<S, z.core.$strict> {
  return z.strictObject(shape).superRefine((given, context) => {
    const message = problemOf(given as unknown as BlockDevice);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}

const blockDevice = blockDeviceOf(blockDeviceShape);

/** Operations a second for each GiB: docs.aws.amazon.com/ebs/latest/userguide/provisioned-iops.html and general-purpose.html. */
const RATIO = { io1: 50, io2: 1000, gp3: 500 } as const;

function problemOf({
  deviceName,
  volumeType,
  volumeSize,
  iops,
  throughput,
  encrypted,
  kmsKeyId,
}: BlockDevice): string | undefined {
  const name = `volume ${deviceName}:`;
  const isFast = volumeType === 'io1' || volumeType === 'io2';
  if (iops === undefined && isFast) return `${name} \`${volumeType}\` needs \`iops\``;
  if (iops !== undefined && !isFast && volumeType !== 'gp3')
    return `${name} \`iops\` is for gp3, io1 and io2, and \`volumeType\` is ${volumeType ?? 'not given'}`;
  if (iops !== undefined && volumeType === 'gp3' && iops < 3000)
    return `${name} \`iops\` of gp3 is at least 3000, given is ${iops}`;
  if (iops !== undefined && volumeSize !== undefined && iops > 3000) {
    const ratio = RATIO[volumeType as keyof typeof RATIO];
    if (iops > ratio * volumeSize)
      return `${name} \`iops\` is ${iops}, and ${volumeType} allows ${ratio} for each GiB, which is ${ratio * volumeSize}`;
  }
  if (throughput !== undefined && volumeType !== 'gp3') return `${name} \`throughput\` is for gp3`;
  return kmsKeyId !== undefined && encrypted === false ? `${name} \`kmsKeyId\` needs \`encrypted\`` : undefined;
}

/** Schemas of {@link AmazonStorageProps}. */
export const storageShape = {
  launchBlockDeviceMappings: z.array(blockDevice).optional(),
  amiBlockDeviceMappings: z.array(blockDevice).optional(),
  noEphemeral: z.boolean().optional(),
} as const;

const uniqueDevices: Rule = (given) => {
  for (const prop of ['launchBlockDeviceMappings', 'amiBlockDeviceMappings', 'ebsVolumes']) {
    const names = ((given[prop] ?? []) as readonly BlockDevice[]).map(({ deviceName }) => deviceName);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) return `\`${prop}\` names ${twice} twice`;
  }
  return undefined;
};

/** What must hold between {@link AmazonStorageProps}. */
export const storageRules: readonly Rule[] = [uniqueDevices];
