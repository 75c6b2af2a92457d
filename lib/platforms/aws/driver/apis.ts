import type { Clock, RunContext } from '../../../extension/context';
import type { ResourceRecord } from '../../../extension/artifact';
import { accessOf, type AccessProps, type Place } from '../api/access';
import { Api } from '../api/api';
import { identityOf } from '../api/client';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';

const NAMES = [
  'region',
  'accessKey',
  'secretKey',
  'token',
  'profile',
  'sharedCredentialsFile',
  'assumeRole',
  'mfaCode',
  'maxRetries',
  'customEndpointEc2',
  'insecureSkipTlsVerify',
  'skipMetadataApiCheck',
] as const satisfies readonly (keyof AccessProps & keyof AmazonEbsConfig)[];

/** What of a config says how AWS is reached. */
export type AccessConfig = Pick<AmazonEbsConfig, (typeof NAMES)[number] | 'decodeAuthorizationMessages'>;

/** Each account and region once, for all builds of a run. */
export class Apis {
  private readonly open = new Map<string, Api>();
  /** Secrets by access key id: a locator names the key only. */
  private readonly secrets = new Map<string, Pick<AccessProps, 'secretKey' | 'token' | 'mfaCode'>>();

  constructor(private readonly clock: Clock) {}

  /** Of a build's config, in its region or another, as its own role or another. */
  async of(config: AccessConfig, ctx: RunContext, region?: string, role?: AccessProps['assumeRole']): Promise<Api> {
    const access = Object.fromEntries(
      NAMES.flatMap((name) => (config[name] === undefined ? [] : [[name, config[name]]])),
    ) as AccessProps;
    const { accessKey, secretKey, token, mfaCode } = access;
    if (secretKey !== undefined) ctx.secret(secretKey);
    if (token !== undefined) ctx.secret(token);
    if (accessKey !== undefined) this.secrets.set(accessKey, { secretKey, token, mfaCode });
    const other = { ...(region !== undefined && { region }), ...(role && { assumeRole: role }) };
    const api = await this.get({ ...access, ...other }, ctx);
    if (config.decodeAuthorizationMessages === true) api.decodeRefusals();
    return api;
  }

  /** Of something that was created, maybe by another process. Keys that stood in the program are then the environment's. */
  async at({ locator }: ResourceRecord, ctx: RunContext): Promise<Api> {
    const { region, access = {} } = locator as unknown as Place;
    const { accessKey, ...rest } = access;
    const secret = accessKey === undefined ? undefined : this.secrets.get(accessKey);
    return this.get({ ...rest, ...(secret && { accessKey, ...secret }), region }, ctx);
  }

  /** Of the environment alone. */
  inRegion(region: string | undefined, ctx: RunContext): Promise<Api> {
    return this.get(region === undefined ? {} : { region }, ctx);
  }

  close(): void {
    for (const api of this.open.values()) api.close();
  }

  private async get(props: AccessProps, ctx: RunContext): Promise<Api> {
    const access = await accessOf(props, ctx.env);
    for (const name of ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']) {
      const value = ctx.env[name];
      if (value !== undefined && value !== '') ctx.secret(value);
    }
    const key = identityOf(access);
    let api = this.open.get(key);
    if (!api) this.open.set(key, (api = new Api(access, this.clock)));
    return api;
  }
}
