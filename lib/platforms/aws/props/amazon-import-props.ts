import { z } from 'zod';
import { props, text, type Rule } from '../../../extension/props';
import type { Text } from '../../../plan/late';
import { publishedRules, publishedShape, type AmazonPublishedProps } from './published';

/** What `amazon-import` does with a disk or an appliance. */
export interface AmazonImportConfigProps extends AmazonPublishedProps {
  /** Bucket that the file goes to, in the same region. */
  readonly s3BucketName: Text;
  /**
   * Name of the file there. `{{timestamp}}` stands for the seconds since 1970, and `{{.BuildName}}`, `{{.BuilderType}}` for the build.
   * @default - `goldsmith-import-`, a text of its own for each run, and the format
   */
  readonly s3KeyName?: Text;
  /** How the file is encrypted there. @default - as the bucket says */
  readonly s3Encryption?: 'AES256' | 'aws:kms';
  /** KMS key of `aws:kms`: id or ARN. @default - AWS's own key */
  readonly s3EncryptionKey?: Text;
  /** Leaves the file in the bucket. @default false */
  readonly skipClean?: boolean;
  /**
   * What is sent. Packer's default is `ova`.
   * @default - `ova` where the artifact has one; else the disk as it is, or, where AWS does not take that, as `vmdk`
   */
  readonly format?: 'ova' | 'raw' | 'vhd' | 'vhdx' | 'vmdk';
  /** Architecture of what is on the disk. @default 'x86_64' */
  readonly architecture?: 'x86_64' | 'arm64';
  /** How it boots. @default - 'legacy-bios', and 'uefi' for arm64 */
  readonly bootMode?: 'legacy-bios' | 'uefi';
  /** What is on the disk; needed with `uefi`. @default - AWS looks */
  readonly platform?: 'linux' | 'windows';
  /** Role that lets AWS read the bucket. @default - AWS's, `vmimport` */
  readonly roleName?: Text;
  /** Who brings the license: `AWS` or `BYOL`. @default - AWS's, by the platform */
  readonly licenseType?: 'AWS' | 'BYOL';
}

const encryptionKey: Rule = ({ s3Encryption, s3EncryptionKey }) =>
  s3EncryptionKey !== undefined && s3Encryption !== 'aws:kms'
    ? "`s3EncryptionKey` needs `s3Encryption: 'aws:kms'`"
    : undefined;

/** Packer's rules. */
const boots: Rule = ({ architecture = 'x86_64', bootMode, platform }) => {
  if (architecture === 'arm64' && bootMode === 'legacy-bios')
    return '`architecture` is `arm64`, which boots by `uefi` only';
  const isUefi = (bootMode ?? (architecture === 'arm64' ? 'uefi' : undefined)) === 'uefi';
  return isUefi && platform === undefined
    ? '`bootMode` is `uefi`, which needs `platform`: `linux` or `windows`'
    : undefined;
};

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const bucketName: Rule = ({ s3BucketName: name }) =>
  typeof name === 'string' && !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)
    ? `\`s3BucketName\` is \`${name}\`, and names of buckets have 3 to 63 small letters, digits, dots and hyphens`
    : undefined;

/** Checks the props. */
export const amazonImportSchema = props<AmazonImportConfigProps>()(
  {
    ...publishedShape,
    s3BucketName: text(),
    s3KeyName: text().optional(),
    s3Encryption: z.enum(['AES256', 'aws:kms']).optional(),
    s3EncryptionKey: text().optional(),
    skipClean: z.boolean().optional(),
    format: z.enum(['ova', 'raw', 'vhd', 'vhdx', 'vmdk']).optional(),
    architecture: z.enum(['x86_64', 'arm64']).optional(),
    bootMode: z.enum(['legacy-bios', 'uefi']).optional(),
    platform: z.enum(['linux', 'windows']).optional(),
    roleName: text().optional(),
    licenseType: z.enum(['AWS', 'BYOL']).optional(),
  },
  ...publishedRules,
  encryptionKey,
  boots,
  bucketName,
);

/** The props as the run gets them. */
export type AmazonImportConfig = z.output<typeof amazonImportSchema>;
