import { z } from 'zod';
import { text, textMap, type Rule } from '../../../extension/props';
import type { Text } from '../../../plan/late';
import { regionName } from './access';

/** To which regions the image goes, and how it is encrypted. Packer's AMIConfig. */
export interface AmazonCopyProps {
  /** Regions to copy it to. @default - none */
  readonly amiRegions?: readonly Text[];
  /** Does not ask AWS whether `region` and `amiRegions` exist. @default false */
  readonly skipRegionValidation?: boolean;
  /** Minutes within which copies to other regions must be done (time-based copy), in steps of 15. @default - as fast as AWS likes */
  readonly snapshotCopyDurationMinutes?: number;
  /** Encrypts its root volume: the build's instance starts encrypted, so no image is made in between. @default - as the base's and the account's setting are */
  readonly encryptBoot?: boolean;
  /** KMS key for `encryptBoot` in the region of the build: id, alias or ARN. @default - AWS's own key */
  readonly kmsKeyId?: Text;
  /** KMS keys of the copies, by region: exactly those of `amiRegions`; an empty text is AWS's own key. @default - AWS's own keys */
  readonly regionKmsKeyIds?: Readonly<Record<string, Text>>;
  /** Keeps only the copies in `amiRegions`, not the image in the region of the build. @default false */
  readonly skipSaveBuildRegion?: boolean;
  /** Makes no image at all, to try the steps. @default false */
  readonly skipCreateAmi?: boolean;
}

/** Schemas of {@link AmazonCopyProps}. */
export const copyShape = {
  amiRegions: z.array(text()).optional(),
  skipRegionValidation: z.boolean().optional(),
  snapshotCopyDurationMinutes: z.number().int().min(15).max(2880).multipleOf(15).optional(),
  encryptBoot: z.boolean().optional(),
  kmsKeyId: text().optional(),
  regionKmsKeyIds: textMap().optional(),
  skipSaveBuildRegion: z.boolean().optional(),
  skipCreateAmi: z.boolean().optional(),
} as const;

const names: Rule = ({ amiRegions = [], skipRegionValidation }) => {
  const wrong = (amiRegions as readonly unknown[]).find(
    (name) => typeof name === 'string' && !regionName.safeParse(name).success,
  );
  return wrong === undefined || skipRegionValidation === true
    ? undefined
    : `\`amiRegions\` has \`${wrong as string}\`, and takes regions such as \`eu-west-1\``;
};

const keysNeedEncryption: Rule = ({ encryptBoot, kmsKeyId, regionKmsKeyIds }) => {
  const prop = kmsKeyId !== undefined ? 'kmsKeyId' : regionKmsKeyIds !== undefined ? 'regionKmsKeyIds' : undefined;
  return prop !== undefined && encryptBoot !== true ? `\`${prop}\` needs \`encryptBoot: true\`` : undefined;
};

/** Forms of a key: docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopyImage.html. */
const KEY = /^([0-9a-f]{8}-[0-9a-f-]{27}|mrk-[0-9a-f]{32}|alias\/[\w/-]+|arn:[^:]+:kms:[^:]+:\d{12}:(key|alias)\/.+)$/;

const keyForms: Rule = ({ kmsKeyId, regionKmsKeyIds }) => {
  const all = [kmsKeyId, ...Object.values((regionKmsKeyIds as object | undefined) ?? {})];
  const wrong = all.find((key) => typeof key === 'string' && key !== '' && !KEY.test(key));
  return wrong === undefined
    ? undefined
    : `\`${wrong as string}\` is no KMS key: give its id, \`mrk-…\`, \`alias/…\` or its ARN`;
};

const keysOfRegions: Rule = ({ amiRegions, regionKmsKeyIds, region }) => {
  if (regionKmsKeyIds === undefined) return undefined;
  const regions = (amiRegions ?? []) as readonly unknown[];
  if (regions.some((name) => typeof name !== 'string')) return undefined;
  const keys = Object.keys(regionKmsKeyIds as object);
  const foreign = keys.find((name) => !regions.includes(name) && name !== region);
  if (foreign !== undefined) return `\`regionKmsKeyIds\` names ${foreign}, which \`amiRegions\` does not`;
  const missing = regions.find((name) => name !== region && !keys.includes(name as string));
  return missing === undefined
    ? undefined
    : `\`regionKmsKeyIds\` has no key for ${missing as string} of \`amiRegions\``;
};

const somethingIsKept: Rule = ({ skipSaveBuildRegion, amiRegions, region, skipCreateAmi }) => {
  if (skipSaveBuildRegion !== true || skipCreateAmi === true) return undefined;
  const others = ((amiRegions ?? []) as readonly unknown[]).filter((name) => name !== region);
  return others.length === 0
    ? '`skipSaveBuildRegion` needs another region in `amiRegions`: nothing would be kept'
    : undefined;
};

/** What must hold between {@link AmazonCopyProps}. */
export const copyRules: readonly Rule[] = [names, keysNeedEncryption, keyForms, keysOfRegions, somethingIsKept];
