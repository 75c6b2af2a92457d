import { z } from 'zod';
import { text, type Rule } from '../../../extension/props';
import type { Text } from '../../../plan/late';

/** A role to assume with the credentials that were found. */
export interface AssumeRole {
  /** ARN of the role. */
  readonly roleArn: string;
  /** Seconds that its credentials last, 900 to 43200; they are renewed. @default - AWS's, 3600 */
  readonly durationSeconds?: number;
  /** What the owner of the role asks for. @default - none */
  readonly externalId?: string;
  /** JSON of a policy that narrows what the role may do. @default - none */
  readonly policy?: string;
  /** ARNs of policies that narrow it. @default - none */
  readonly policyArns?: readonly string[];
  /** Name of the session, as CloudTrail shows it. @default 'goldsmith' */
  readonly sessionName?: string;
  /** Tags of the session. @default - none */
  readonly tags?: Readonly<Record<string, string>>;
  /** Keys of the tags that later roles in the chain get too. @default - none */
  readonly transitiveTagKeys?: readonly string[];
  /** Serial number or ARN of the MFA device whose code `mfaCode` is. @default - none */
  readonly mfaSerial?: string;
  /** File with a token of a web identity (OIDC), which takes the place of credentials. @default - none */
  readonly webIdentityTokenFile?: string;
}

/** How often AWS is asked how something is. */
export interface AwsPolling {
  /** Seconds between two looks. @default - first when it is usually ready, then after a quarter of the time that was waited, 20 at most */
  readonly delaySeconds?: number;
  /** How many times `delaySeconds` (5, where it is not given) is waited for one thing. @default - by what is waited for: an instance 10 minutes, an image 60 */
  readonly maxAttempts?: number;
}

/** Which account and region, and with which credentials. Packer's AccessConfig. */
export interface AmazonAccessProps {
  /** Region that is built in. @default - AWS_REGION, AWS_DEFAULT_REGION, or the profile's */
  readonly region?: Text;
  /** Access key id. @default - the SDKs' chain: environment, web identity, profile (SSO, process, role), container, instance */
  readonly accessKey?: Text;
  /** Its secret: a `Secret`. @default - see `accessKey` */
  readonly secretKey?: Text;
  /** Session token of temporary keys: a `Secret`. @default - none */
  readonly token?: Text;
  /** Profile in the SDKs' files. @default - AWS_PROFILE, or `default` */
  readonly profile?: Text;
  /** File with credentials by profile. @default - AWS_SHARED_CREDENTIALS_FILE, or ~/.aws/credentials */
  readonly sharedCredentialsFile?: Text;
  /** A role to assume. @default - none */
  readonly assumeRole?: AssumeRole;
  /** Code of the MFA device, where a role asks for it. @default - none */
  readonly mfaCode?: Text;
  /** How often a call is made again that was throttled or failed on AWS's side. @default 10 */
  readonly maxRetries?: number;
  /** Address of EC2's API. @default - AWS_ENDPOINT_URL_EC2, AWS_ENDPOINT_URL, or AWS's own */
  readonly customEndpointEc2?: Text;
  /** Takes any certificate of the API's server. @default false */
  readonly insecureSkipTlsVerify?: boolean;
  /** Does not ask who the credentials belong to before the build. @default false */
  readonly skipCredentialValidation?: boolean;
  /** Does not ask this machine's metadata service for credentials. @default - AWS_EC2_METADATA_DISABLED */
  readonly skipMetadataApiCheck?: boolean;
  /** Has AWS decode what a refused call lacked, which needs the permission `sts:DecodeAuthorizationMessage`. @default false */
  readonly decodeAuthorizationMessages?: boolean;
  /** How often AWS is asked how something is. @default - see its members */
  readonly awsPolling?: AwsPolling;
}

/** A region, such as `eu-west-1`. */
export const regionName = z.string().regex(/^[a-z]{2,}(-[a-z]+)+-\d+$/, 'a region such as `eu-west-1`');

/** Schemas of {@link AmazonAccessProps}. */
export const accessShape = {
  region: text().optional(),
  accessKey: text().optional(),
  secretKey: text().optional(),
  token: text().optional(),
  profile: text().optional(),
  sharedCredentialsFile: text().optional(),
  assumeRole: z
    .strictObject({
      roleArn: z.string().regex(/^arn:[^:]+:iam::\d{12}:role\/.+$/, 'an ARN of a role'),
      durationSeconds: z.number().int().min(900).max(43_200).optional(),
      externalId: z.string().min(2).optional(),
      policy: z.string().min(1).optional(),
      policyArns: z.array(z.string()).max(10).optional(),
      sessionName: z
        .string()
        .regex(/^[\w+=,.@-]{2,64}$/, '2 to 64 letters, digits and `+=,.@-`')
        .optional(),
      tags: z.record(z.string(), z.string()).optional(),
      transitiveTagKeys: z.array(z.string()).optional(),
      mfaSerial: z.string().min(9).optional(),
      webIdentityTokenFile: z.string().min(1).optional(),
    })
    .optional(),
  mfaCode: text().optional(),
  maxRetries: z.number().int().min(0).optional(),
  customEndpointEc2: text().optional(),
  insecureSkipTlsVerify: z.boolean().optional(),
  skipCredentialValidation: z.boolean().optional(),
  skipMetadataApiCheck: z.boolean().optional(),
  decodeAuthorizationMessages: z.boolean().optional(),
  awsPolling: z
    .strictObject({
      delaySeconds: z.number().int().min(1).optional(),
      maxAttempts: z.number().int().min(1).optional(),
    })
    .optional(),
} as const;

const keysTogether: Rule = ({ accessKey, secretKey, token, profile }) => {
  if ((accessKey === undefined) !== (secretKey === undefined)) {
    return `\`accessKey\` and \`secretKey\` go together, given is only \`${accessKey === undefined ? 'secretKey' : 'accessKey'}\``;
  }
  if (token !== undefined && accessKey === undefined) return '`token` needs `accessKey` and `secretKey`';
  return accessKey !== undefined && profile !== undefined
    ? 'at most one of `accessKey`, `profile` may be given, given are both'
    : undefined;
};

const regionRule: Rule = ({ region }) =>
  typeof region === 'string' && !regionName.safeParse(region).success
    ? `\`region\` is \`${region}\`, and must be a region such as \`eu-west-1\`; a zone goes into \`availabilityZone\``
    : undefined;

/** What must hold between {@link AmazonAccessProps}. */
export const accessRules: readonly Rule[] = [keysTogether, regionRule];
