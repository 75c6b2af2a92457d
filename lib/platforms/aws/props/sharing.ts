import { z } from 'zod';
import { text, type Rule } from '../../../extension/props';
import type { Text } from '../../../plan/late';

/** Who may start from the image. Packer's AMIConfig. */
export interface AmazonSharingProps {
  /** Accounts that may start from it. @default - only its own */
  readonly amiUsers?: readonly Text[];
  /** `all` makes it public. @default - not public */
  readonly amiGroups?: readonly 'all'[];
  /** ARNs of organizations whose accounts may start from it. @default - none */
  readonly amiOrgArns?: readonly Text[];
  /** ARNs of organizational units whose accounts may start from it. @default - none */
  readonly amiOuArns?: readonly Text[];
  /** Product codes to add to it. @default - none */
  readonly amiProductCodes?: readonly Text[];
  /** Accounts that may make volumes of its snapshots. @default - only its own */
  readonly snapshotUsers?: readonly Text[];
  /** `all` makes its snapshots public. @default - not public */
  readonly snapshotGroups?: readonly 'all'[];
}

const account = z.union([z.string().regex(/^\d{12}$/, 'a number of an account, 12 digits'), text()]);
const accounts = z.array(account as unknown as ReturnType<typeof text>);

/** Schemas of {@link AmazonSharingProps}. */
export const sharingShape = {
  amiUsers: accounts.optional(),
  amiGroups: z.array(z.literal('all')).optional(),
  amiOrgArns: z.array(text()).optional(),
  amiOuArns: z.array(text()).optional(),
  amiProductCodes: z.array(text()).optional(),
  snapshotUsers: accounts.optional(),
  snapshotGroups: z.array(z.literal('all')).optional(),
} as const;

const numbers: Rule = (given) => {
  for (const prop of ['amiUsers', 'snapshotUsers']) {
    const wrong = ((given[prop] ?? []) as readonly unknown[]).find(
      (account) => typeof account === 'string' && !/^\d{12}$/.test(account),
    );
    if (wrong !== undefined)
      return `\`${prop}\` has \`${wrong as string}\`, and takes numbers of accounts, 12 digits each`;
  }
  return undefined;
};

const arns: Rule = (given) => {
  for (const [prop, kind] of [
    ['amiOrgArns', 'organization'],
    ['amiOuArns', 'ou'],
  ] as const) {
    const wrong = ((given[prop] ?? []) as readonly unknown[]).find(
      (arn) => typeof arn === 'string' && !new RegExp(`^arn:[^:]+:organizations::\\d{12}:${kind}/`).test(arn),
    );
    if (wrong !== undefined)
      return `\`${prop}\` has \`${wrong as string}\`, and takes ARNs such as \`arn:aws:organizations::123456789012:${kind}/o-…\``;
  }
  return undefined;
};

/** AWS's own key cannot be shared: docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-explicit.html. */
const encrypted: Rule = (given) => {
  const shared = ['amiUsers', 'amiOrgArns', 'amiOuArns', 'snapshotUsers'].find((name) => isGiven(given[name]));
  const open = ['amiGroups', 'snapshotGroups'].find((name) => isGiven(given[name]));
  if (given['encryptBoot'] !== true) return undefined;
  if (open !== undefined) return `\`${open}\` makes it public, and what is encrypted (\`encryptBoot\`) cannot be`;
  if (shared === undefined) return undefined;
  if (given['kmsKeyId'] === undefined)
    return `\`${shared}\` with \`encryptBoot\` needs \`kmsKeyId\`: what AWS's own key encrypts cannot be shared`;
  const keys = (given['regionKmsKeyIds'] ?? {}) as Readonly<Record<string, unknown>>;
  const regions = ((given['amiRegions'] ?? []) as readonly unknown[]).filter((name) => typeof name === 'string');
  const without = regions.find((name) => keys[name] === undefined || keys[name] === '');
  return without === undefined
    ? undefined
    : `\`${shared}\` with \`encryptBoot\` needs a key for ${without} in \`regionKmsKeyIds\`: what AWS's own key encrypts cannot be shared`;
};

function isGiven(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

/** What must hold between {@link AmazonSharingProps}. */
export const sharingRules: readonly Rule[] = [numbers, arns, encrypted];
