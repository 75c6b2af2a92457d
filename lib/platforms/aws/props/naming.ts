import { z } from 'zod';
import { text, textMap, type Rule } from '../../../extension/props';
import type { Text } from '../../../plan/late';

/** What the image is called. Packer's AMIConfig. */
export interface AmazonNamingProps {
  /**
   * Name of the image: 3 to 128 letters, digits and `()[] ./-'@_`. No two images of an account and region have the same.
   * @default - `<app>-<build>-<run>`
   */
  readonly amiName?: Text;
  /** What it is for, in at most 255 characters. @default - none */
  readonly amiDescription?: Text;
  /** Tags of the image and its snapshots, in each region. @default - goldsmith's own only */
  readonly tags?: Readonly<Record<string, Text>>;
  /** Tags of the snapshots, beside `tags`. @default - none */
  readonly snapshotTags?: Readonly<Record<string, Text>>;
  /** Does not give `runTags` to the image. @default false */
  readonly skipAmiRunTags?: boolean;
}

/** Schemas of {@link AmazonNamingProps}. */
export const namingShape = {
  amiName: text().optional(),
  amiDescription: text().optional(),
  tags: textMap().optional(),
  snapshotTags: textMap().optional(),
  skipAmiRunTags: z.boolean().optional(),
} as const;

/** What is wrong with a name of an image: docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html. */
export function problemWithAmiName(name: string): string | undefined {
  if (name.length < 3 || name.length > 128)
    return `\`amiName\` is \`${name}\`, which has ${name.length} characters; 3 to 128 are allowed`;
  const wrong = /[^A-Za-z0-9()[\] ./\-'@_]/.exec(name);
  return wrong
    ? `\`amiName\` is \`${name}\`, and \`${wrong[0]}\` is not allowed in it; allowed are letters, digits and ()[] ./-'@_`
    : undefined;
}

const nameRule: Rule = ({ amiName }) => (typeof amiName === 'string' ? problemWithAmiName(amiName) : undefined);

const tagRule: Rule = (given) => {
  for (const prop of ['tags', 'snapshotTags', 'runTags', 'runVolumeTags', 'spotTags', 'fleetTags']) {
    const keys = Object.keys((given[prop] as object | undefined) ?? {});
    const own = keys.find((key) => /^aws:/i.test(key) || key.length > 128 || key === '');
    if (own !== undefined)
      return `\`${prop}\` has the key \`${own}\`: keys have 1 to 128 characters, and \`aws:\` is AWS's own`;
    if (keys.length > 44) return `\`${prop}\` has ${keys.length} tags; AWS allows 50, of which goldsmith needs 6`;
  }
  return undefined;
};

const descriptionRule: Rule = ({ amiDescription }) =>
  typeof amiDescription === 'string' && amiDescription.length > 255
    ? `\`amiDescription\` has ${amiDescription.length} characters; at most 255 are allowed`
    : undefined;

/** What must hold between {@link AmazonNamingProps}. */
export const namingRules: readonly Rule[] = [nameRule, tagRule, descriptionRule];
