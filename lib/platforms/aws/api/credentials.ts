import { GoldsmithError } from '../../../errors';
import { configFiles, profileOf, type Access } from './access';
import { needSdk } from './sdk-package';

/** Keys as the SDK takes them. */
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** Gives keys, new ones when the old ones expire. */
export type KeyProvider = () => Promise<Keys>;

/**
 * Where the keys come from, in the SDKs' order: the props, the environment, a web identity, the profile (also SSO, a process, or a role),
 * the container's or the instance's role. Then the role to assume with them. Reads the run's environment only.
 */
export function credentialsOf(access: Access): KeyProvider {
  const own = ownCredentials(access);
  const { assumeRole } = access;
  if (!assumeRole) return own;
  const { roleArn, webIdentityTokenFile, sessionName = 'goldsmith' } = assumeRole;
  const sdk = providers();
  const clientConfig = stsConfig(access);
  const common = {
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    ...(assumeRole.durationSeconds !== undefined && { DurationSeconds: assumeRole.durationSeconds }),
    ...(assumeRole.policy !== undefined && { Policy: assumeRole.policy }),
    ...(assumeRole.policyArns && { PolicyArns: assumeRole.policyArns.map((arn) => ({ arn })) }),
  };
  if (webIdentityTokenFile !== undefined) {
    return sdk.fromTokenFile({
      webIdentityTokenFile,
      roleArn,
      roleSessionName: sessionName,
      ...(common.DurationSeconds !== undefined && { durationSeconds: common.DurationSeconds }),
      ...(common.Policy !== undefined && { policy: common.Policy }),
      ...(common.PolicyArns && { policyArns: common.PolicyArns }),
      clientConfig,
    }) as KeyProvider;
  }
  const { externalId, tags, transitiveTagKeys, mfaSerial } = assumeRole;
  return sdk.fromTemporaryCredentials({
    masterCredentials: own,
    params: {
      ...common,
      ...(externalId !== undefined && { ExternalId: externalId }),
      ...(tags && { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
      ...(transitiveTagKeys && { TransitiveTagKeys: [...transitiveTagKeys] }),
      ...(mfaSerial !== undefined && { SerialNumber: mfaSerial }),
    },
    mfaCodeProvider: () => mfaCode(access),
    clientConfig,
  }) as KeyProvider;
}

function ownCredentials(access: Access): KeyProvider {
  const { env, accessKey, secretKey, token, skipMetadataApiCheck } = access;
  if (accessKey !== undefined && secretKey !== undefined) return fixed(accessKey, secretKey, token);
  const id = env['AWS_ACCESS_KEY_ID'];
  const secret = env['AWS_SECRET_ACCESS_KEY'];
  if (access.profile === undefined && id && secret) return fixed(id, secret, env['AWS_SESSION_TOKEN']);
  const sdk = providers();
  const clientConfig = stsConfig(access);
  const chain: KeyProvider[] = [];
  const webIdentityTokenFile = env['AWS_WEB_IDENTITY_TOKEN_FILE'];
  const roleArn = env['AWS_ROLE_ARN'];
  if (access.profile === undefined && webIdentityTokenFile !== undefined && roleArn !== undefined) {
    const roleSessionName = env['AWS_ROLE_SESSION_NAME'] ?? 'goldsmith';
    chain.push(sdk.fromTokenFile({ webIdentityTokenFile, roleArn, roleSessionName, clientConfig }) as KeyProvider);
  }
  const { config, credentials } = configFiles(access, env);
  chain.push(
    sdk.fromIni({
      profile: profileOf(access, env),
      configFilepath: config,
      filepath: credentials,
      clientConfig,
      mfaCodeProvider: () => mfaCode(access),
    }) as KeyProvider,
  );
  const relative = env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'];
  const full = env['AWS_CONTAINER_CREDENTIALS_FULL_URI'];
  if (relative !== undefined || full !== undefined) {
    const tokenFile = env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'];
    const options = {
      ...(relative !== undefined && { awsContainerCredentialsRelativeUri: relative }),
      ...(full !== undefined && { awsContainerCredentialsFullUri: full }),
      ...(tokenFile !== undefined && { awsContainerAuthorizationTokenFile: tokenFile }),
    };
    chain.push(sdk.fromHttp(options) as KeyProvider);
  } else if (env['AWS_EC2_METADATA_DISABLED']?.toLowerCase() !== 'true' && skipMetadataApiCheck !== true) {
    chain.push(sdk.fromInstanceMetadata({ timeout: 1000, maxRetries: 1 }) as KeyProvider);
  }
  const all = sdk.createCredentialChain(...chain) as KeyProvider;
  return async () => {
    try {
      return await all();
    } catch (error) {
      throw new GoldsmithError('ACCESS_DENIED', `no credentials for AWS were found: ${(error as Error).message}`, {
        hint: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a `profile` (`aws sso login` renews one)',
        cause: error,
      });
    }
  };
}

function fixed(accessKeyId: string, secretAccessKey: string, sessionToken: string | undefined): KeyProvider {
  return () =>
    Promise.resolve({
      accessKeyId,
      secretAccessKey,
      ...(sessionToken !== undefined && sessionToken !== '' && { sessionToken }),
    });
}

function stsConfig({ region, endpoints }: Access): { region: string; endpoint?: string } {
  return { region, ...(endpoints.sts !== undefined && { endpoint: endpoints.sts }) };
}

function mfaCode({ mfaCode: code }: Access): Promise<string> {
  if (code !== undefined) return Promise.resolve(code);
  throw new GoldsmithError('ACCESS_DENIED', 'the role needs a code of an MFA device, and `mfaCode` is not given', {
    hint: 'give it as a Variable: `mfaCode: new Variable(app, …).value`, and run with --var',
  });
}

function providers(): typeof import('@aws-sdk/credential-providers') {
  return needSdk(
    '@aws-sdk/credential-providers',
    () => require('@aws-sdk/credential-providers') as typeof import('@aws-sdk/credential-providers'),
  );
}
