import { z } from 'zod';
import { text, textMap, type Rule } from '../../../extension/props';
import type { Text } from '../../../plan/late';
import { regionName } from './access';

/** Another account that gets a copy of its own, which stays when the original goes. */
export interface AmiCopyAccount {
  /** ARN of a role in that account, which makes the copy there; the credentials that were found must be allowed to assume it. */
  readonly roleArn: string;
  /** What the owner of the role asks for. @default - none */
  readonly externalId?: string;
  /** Regions of the image in which it gets one. @default - all */
  readonly regions?: readonly Text[];
  /** KMS key of that account, which encrypts the copies: its alias, or an ARN where there is one region. @default - as the original and the account's setting are */
  readonly kmsKeyId?: Text;
}

/** To which regions the image goes, and how it is encrypted. Packer's AMIConfig. */
export interface AmazonCopyProps {
  /** Regions to copy it to. @default - none */
  readonly amiRegions?: readonly Text[];
  /**
   * Accounts that get copies of their own, each in the regions of the image. It is shared with them for that. An encrypted original
   * must have a key that they may use.
   * @default - none
   */
  readonly amiCopyAccounts?: readonly AmiCopyAccount[];
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

/** Form of a role's ARN: docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html. */
const ROLE = /^arn:aws[\w-]*:iam::\d{12}:role\/.+$/;

/** Schemas of {@link AmazonCopyProps}. */
export const copyShape = {
  amiRegions: z.array(text()).optional(),
  amiCopyAccounts: z
    .array(
      z.strictObject({
        roleArn: z.string().regex(ROLE, 'must be the ARN of a role, such as `arn:aws:iam::123456789012:role/images`'),
        externalId: z.string().min(1).optional(),
        regions: z.array(text()).min(1).optional(),
        kmsKeyId: text().optional(),
      }),
    )
    .optional(),
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

const keyForms: Rule = ({ kmsKeyId, regionKmsKeyIds, amiCopyAccounts = [] }) => {
  const accounts = amiCopyAccounts as readonly Partial<AmiCopyAccount>[];
  const regional: unknown[] = Object.values((regionKmsKeyIds as object | undefined) ?? {});
  const all = [kmsKeyId, ...regional, ...accounts.map((account) => account.kmsKeyId)];
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

const accountsOnce: Rule = ({ amiCopyAccounts = [] }) => {
  const accounts = (amiCopyAccounts as readonly AmiCopyAccount[]).map(({ roleArn }) => accountOf(roleArn));
  const twice = accounts.find((account, index) => accounts.indexOf(account) !== index);
  return twice === undefined ? undefined : `\`amiCopyAccounts\` names the account ${twice} twice`;
};

/** The account that a role is of. */
export function accountOf(roleArn: string): string {
  return roleArn.split(':')[4] ?? '';
}

/** What must hold between {@link AmazonCopyProps}. */
export const copyRules: readonly Rule[] = [
  names,
  keysNeedEncryption,
  keyForms,
  keysOfRegions,
  somethingIsKept,
  accountsOnce,
];
