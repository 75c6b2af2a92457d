import { action, type Action, type Body, type Call } from './call';

/** Who one is, and sessions: the rehearsal gives them to whoever asks. */
export const STS: Readonly<Record<string, Action>> = {
  GetCallerIdentity: action('', ({ account, accessKey }) => ({
    Arn: `arn:aws:iam::${account}:user/rehearsal`,
    UserId: accessKey,
    Account: account,
  })),
  AssumeRole: action(
    'RoleArn RoleSessionName DurationSeconds ExternalId Policy PolicyArns SerialNumber SourceIdentity Tags TokenCode TransitiveTagKeys ProvidedContexts',
    (call) => assume(call),
  ),
  AssumeRoleWithWebIdentity: action(
    'RoleArn RoleSessionName WebIdentityToken ProviderId PolicyArns Policy DurationSeconds',
    (call) => assume(call),
  ),
  GetSessionToken: action('DurationSeconds SerialNumber TokenCode', (call) => ({
    Credentials: credentials(call, call.account),
  })),
};

function assume(call: Call): Body {
  const arn = call.params.need('RoleArn');
  const session = call.params.need('RoleSessionName');
  const [, account = call.account, role = ''] = /^arn:[^:]+:iam::(\d{12}):role\/(.+)$/.exec(arn) ?? [];
  return {
    Credentials: credentials(call, account),
    AssumedRoleUser: {
      AssumedRoleId: `AROAREHEARSAL:${session}`,
      Arn: `arn:aws:sts::${account}:assumed-role/${role}/${session}`,
    },
  };
}

/** Of a session whose key says which account it is of: {@link accountOf} reads it. */
function credentials({ world, params }: Call, account: string): Body {
  const accessKey = `ASIA${account}${world.dice.hex(4).toUpperCase()}`;
  const until = Date.now() + (params.whole('DurationSeconds') ?? 3600) * 1000;
  const credential = { secret: world.dice.hex(40), token: world.dice.hex(64), until };
  world.credentials.add(accessKey, credential);
  return {
    AccessKeyId: accessKey,
    SecretAccessKey: credential.secret,
    SessionToken: credential.token,
    Expiration: new Date(until),
  };
}

/** The account of an access key: one that STS gave here names it, any other is of the first account. */
export function accountOf(accessKey: string, standard: string): string {
  return /^ASIA(\d{12})[0-9A-F]{4}$/.exec(accessKey)?.[1] ?? standard;
}
