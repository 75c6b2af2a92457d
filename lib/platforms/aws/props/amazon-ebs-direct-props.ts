import { z } from 'zod';
import { props, text, type Rule } from '../../../extension/props';
import { DISK_FORMATS, type DiskFormat } from '../../../host/disk-format';
import type { Text } from '../../../plan/late';
import type { AmazonLifecycleProps } from './lifecycle';
import { lifecycleShape } from './lifecycle';
import { publishedRules, publishedShape, type AmazonPublishedProps } from './published';
import { registerRules, registerShape, type AmazonRegisterProps } from './register';
import { storageRules, storageShape, type AmazonStorageProps } from './storage';

/** What `amazon-ebs-direct` does with a disk. */
export interface AmazonEbsDirectConfigProps
  extends
    AmazonPublishedProps,
    AmazonRegisterProps,
    Pick<AmazonLifecycleProps, 'enaSupport' | 'sriovSupport'>,
    Pick<AmazonStorageProps, 'amiBlockDeviceMappings'> {
  /** Format of the disk. @default - what the artifact says, else by the ending of the file, else by its content */
  readonly inputFormat?: DiskFormat;
  /** Device that instances have the disk as. @default '/dev/xvda' */
  readonly rootDeviceName?: string;
  /** Kind of the root volume. @default 'gp3' */
  readonly volumeType?: 'gp2' | 'gp3' | 'io1' | 'io2' | 'st1' | 'sc1' | 'standard';
  /** Size of the root volume in GiB: at least the disk's. @default - the disk's, in whole GiB */
  readonly volumeSize?: number;
  /** Operations a second of the root volume, of gp3, io1 and io2. @default - AWS's; needed for io1 and io2 */
  readonly iops?: number;
  /** MiB a second of the root volume, of gp3: 125 to 2000. @default 125 */
  readonly throughput?: number;
  /** What the snapshot is for, in at most 255 characters. @default - the name of the file */
  readonly snapshotDescription?: Text;
  /** Blocks of 512 KiB that are sent at the same time. @default 32 */
  readonly parallelBlocks?: number;
}

/** StartSnapshot takes no alias: docs.aws.amazon.com/ebs/latest/APIReference/API_StartSnapshot.html. */
const keyArn: Rule = ({ kmsKeyId }) =>
  typeof kmsKeyId === 'string' && /(^|:)alias\//.test(kmsKeyId)
    ? `\`kmsKeyId\` is \`${kmsKeyId}\`: EBS direct takes keys by id or ARN, and no alias`
    : undefined;

const rootVolume: Rule = ({ volumeType = 'gp3', iops, throughput }) => {
  const isFast = volumeType === 'io1' || volumeType === 'io2';
  if (isFast && iops === undefined) return `\`volumeType\` is \`${volumeType}\`, which needs \`iops\``;
  if (iops !== undefined && !isFast && volumeType !== 'gp3') return '`iops` is for gp3, io1 and io2';
  return throughput !== undefined && volumeType !== 'gp3' ? '`throughput` is for gp3' : undefined;
};

/** Checks the props. */
export const amazonEbsDirectSchema = props<AmazonEbsDirectConfigProps>()(
  {
    ...publishedShape,
    ...registerShape,
    enaSupport: lifecycleShape.enaSupport,
    sriovSupport: lifecycleShape.sriovSupport,
    amiBlockDeviceMappings: storageShape.amiBlockDeviceMappings,
    inputFormat: z.enum(DISK_FORMATS as [DiskFormat, ...DiskFormat[]]).optional(),
    rootDeviceName: z
      .string()
      .regex(/^(\/dev\/)?(sd|xvd)[a-z]+\d*$/, 'a device such as `/dev/xvda`')
      .optional(),
    volumeType: z.enum(['gp2', 'gp3', 'io1', 'io2', 'st1', 'sc1', 'standard']).optional(),
    volumeSize: z.number().int().min(1).max(65_536).optional(),
    iops: z.number().int().min(100).max(256_000).optional(),
    throughput: z.number().int().min(125).max(2000).optional(),
    snapshotDescription: text().optional(),
    parallelBlocks: z.number().int().min(1).max(256).optional(),
  },
  ...publishedRules,
  ...registerRules,
  ...storageRules,
  keyArn,
  rootVolume,
);

/** The props as the run gets them. */
export type AmazonEbsDirectConfig = z.output<typeof amazonEbsDirectSchema>;
