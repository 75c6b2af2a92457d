import * as os from 'node:os';
import * as path from 'node:path';
import { readFile } from 'node:fs/promises';
import { GoldsmithError } from '../../../errors';
import type { Json } from '../../../plan/json';
import type { AssumeRole } from '../props/access';
import type { Service } from './calls';

type Env = Readonly<Record<string, string | undefined>>;

/** Props as they are when they were checked: what is optional may be there and undefined. */
type Given<T, Needed extends keyof T> = Pick<T, Needed> & {
  readonly [K in Exclude<keyof T, Needed>]?: T[K] | undefined;
};

/** What of a source's props says how AWS is reached. */
export interface AccessProps {
  readonly region?: string | undefined;
  readonly accessKey?: string | undefined;
  readonly secretKey?: string | undefined;
  readonly token?: string | undefined;
  readonly profile?: string | undefined;
  readonly sharedCredentialsFile?: string | undefined;
  readonly assumeRole?: Given<AssumeRole, 'roleArn'> | undefined;
  readonly mfaCode?: string | undefined;
  readonly maxRetries?: number | undefined;
  readonly customEndpointEc2?: string | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
  readonly skipMetadataApiCheck?: boolean | undefined;
}

/** How AWS is reached, with the region known. */
export interface Access extends AccessProps {
  readonly region: string;
  /** Addresses that are not AWS's own. */
  readonly endpoints: Partial<Record<Service, string>>;
  readonly env: Env;
}

/** Where something was created: what a deletion needs, also from another process. Holds no secret. */
export interface Place {
  readonly region: string;
  readonly access?: Omit<AccessProps, 'region' | 'secretKey' | 'token' | 'mfaCode'>;
}

/** Completes the props by the environment and the profile. */
export async function accessOf(props: AccessProps, env: Env): Promise<Access> {
  const region =
    props.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? (await regionOfProfile(props.profile, env));
  if (region === undefined || region === '') {
    throw new GoldsmithError('INVALID_PROPS', 'no region is given: `region` is missing, and the environment has none', {
      hint: 'give `region`, such as `eu-west-1`, or set AWS_REGION',
    });
  }
  return { ...props, region, endpoints: endpointsOf(props, env), env };
}

const VARIABLES: Readonly<Record<Service, string>> = {
  ebs: 'EBS',
  ec2: 'EC2',
  s3: 'S3',
  ssm: 'SSM',
  sts: 'STS',
  iam: 'IAM',
  'ec2-instance-connect': 'EC2_INSTANCE_CONNECT',
  secretsmanager: 'SECRETS_MANAGER',
};

/** The SDKs' own variables, of a service before those of all: docs.aws.amazon.com/sdkref, "Service-specific endpoints". */
function endpointsOf({ customEndpointEc2 }: AccessProps, env: Env): Partial<Record<Service, string>> {
  if (env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] === 'true') return {};
  const found: Partial<Record<Service, string>> = {};
  for (const [service, variable] of Object.entries(VARIABLES) as [Service, string][]) {
    const url =
      (service === 'ec2' ? customEndpointEc2 : undefined) ??
      env[`AWS_ENDPOINT_URL_${variable}`] ??
      env['AWS_ENDPOINT_URL'];
    if (url !== undefined && url !== '') found[service] = url;
  }
  return found;
}

/** Name of the profile that counts. */
export function profileOf({ profile }: AccessProps, env: Env): string {
  return profile ?? env['AWS_PROFILE'] ?? env['AWS_DEFAULT_PROFILE'] ?? 'default';
}

/** Where the SDKs' files are. */
export function configFiles(props: AccessProps, env: Env): { readonly config: string; readonly credentials: string } {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? os.homedir();
  return {
    config: env['AWS_CONFIG_FILE'] ?? path.join(home, '.aws', 'config'),
    credentials:
      props.sharedCredentialsFile ?? env['AWS_SHARED_CREDENTIALS_FILE'] ?? path.join(home, '.aws', 'credentials'),
  };
}

async function regionOfProfile(profile: string | undefined, env: Env): Promise<string | undefined> {
  const props = profile === undefined ? {} : { profile };
  const name = profileOf(props, env);
  const text = await readFile(configFiles(props, env).config, 'utf8').catch(() => '');
  let section = '';
  for (const line of text.split('\n')) {
    const title = /^\s*\[\s*(?:profile\s+)?["']?([^\]"']+?)["']?\s*\]/.exec(line);
    if (title) section = title[1]!;
    const value = /^region\s*=\s*(\S+)/.exec(line);
    if (value && section === name) return value[1];
  }
  return undefined;
}

/** The part of an access that may be written down. */
export function placeOf({ region, endpoints: _endpoints, env: _env, ...props }: Access): Place {
  const { secretKey: _secret, token: _token, mfaCode: _code, ...open } = props;
  const given = Object.fromEntries(Object.entries(open).filter(([, value]) => value !== undefined));
  return Object.keys(given).length === 0 ? { region } : { region, access: given };
}

/** A place as locators hold it. */
export function asLocator(place: Place, more: Readonly<Record<string, Json>> = {}): Json {
  return { ...(place as unknown as Record<string, Json>), ...more };
}
