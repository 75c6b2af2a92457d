import { z } from 'zod';
import { text, type Rule } from '../../../extension/props';
import type { Text } from '../../../plan/late';

/** A parameter of Systems Manager that names the newest image. */
export interface AmiParameter {
  /** Its name, such as `/golden/web/latest`. */
  readonly name: Text;
  /** Tier of the parameter. @default 'Standard' */
  readonly tier?: 'Standard' | 'Advanced' | 'Intelligent-Tiering';
  /** `aws:ec2:image` has AWS check that it names an image. @default 'aws:ec2:image' */
  readonly dataType?: 'aws:ec2:image' | 'text';
  /** What it is for. @default - none */
  readonly description?: Text;
  /** Whether a parameter that is there already is changed. @default true */
  readonly overwrite?: boolean;
}

/** Where others find the newest image. */
export interface AmazonParameterProps {
  /**
   * SSM parameter that gets the image's id when all else is done, in the region of the build and in each of `amiRegions`: what
   * `AmazonImage.fromSsmParameter` and launch templates (`resolve:ssm:…`) read. It is left as it is when the image is deleted.
   * @default - none
   */
  readonly ssmParameter?: Text | AmiParameter;
}

/** Schemas of {@link AmazonParameterProps}. */
export const parameterShape = {
  ssmParameter: z
    .union([
      text(),
      z.strictObject({
        name: text(),
        tier: z.enum(['Standard', 'Advanced', 'Intelligent-Tiering']).optional(),
        dataType: z.enum(['aws:ec2:image', 'text']).optional(),
        description: text().optional(),
        overwrite: z.boolean().optional(),
      }),
    ])
    .optional(),
} as const;

/** docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html */
const nameRule: Rule = ({ ssmParameter }) => {
  const name = typeof ssmParameter === 'string' ? ssmParameter : (ssmParameter as AmiParameter | undefined)?.name;
  if (typeof name !== 'string') return undefined;
  if (!/^\/?[\w.-]+(\/[\w.-]+)*$/.test(name))
    return `\`ssmParameter\` is \`${name}\`, and takes letters, digits and \`.-_\` in parts between \`/\`, such as \`/golden/web/latest\``;
  if (/^\/?(aws|ssm)/i.test(name))
    return `\`ssmParameter\` is \`${name}\`: names that begin with aws or ssm are AWS's own`;
  if (!name.startsWith('/') && name.includes('/'))
    return `\`ssmParameter\` is \`${name}\`, and a name of several parts begins with \`/\``;
  return name.split('/').length > 16 ? '`ssmParameter` has more than the 15 levels that AWS allows' : undefined;
};

const somethingIsMade: Rule = ({ ssmParameter, skipCreateAmi }) =>
  ssmParameter !== undefined && skipCreateAmi === true
    ? '`ssmParameter` needs an image, and `skipCreateAmi` makes none'
    : undefined;

/** What must hold between {@link AmazonParameterProps}. */
export const parameterRules: readonly Rule[] = [nameRule, somethingIsMade];
