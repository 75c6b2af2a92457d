import { AwsError } from './errors';
import type { World } from './world';
import { action, type Action, type Body, type Call } from './call';

/** Who a session is, by its access key. */
const sessions = new WeakMap<World, Map<string, string>>();

/** What may be asked for without being anybody: the token says who one is. */
export const UNSIGNED: ReadonlySet<string> = new Set(['AssumeRoleWithWebIdentity']);

/** Who one is, and sessions: the rehearsal gives them to whoever asks. */
export const STS: Readonly<Record<string, Action>> = {
  GetCallerIdentity: action('', ({ world, account, accessKey }) => ({
    Arn: sessions.get(world)?.get(accessKey) ?? `arn:aws:iam::${account}:user/rehearsal`,
    UserId: accessKey,
    Account: account,
  })),
  AssumeRole: action(
    'RoleArn RoleSessionName DurationSeconds ExternalId Policy PolicyArns SerialNumber SourceIdentity Tags TokenCode TransitiveTagKeys ProvidedContexts',
    (call) => {
      checkDevice(call);
      return assume(call);
    },
  ),
  AssumeRoleWithWebIdentity: action(
    'RoleArn RoleSessionName WebIdentityToken ProviderId PolicyArns Policy DurationSeconds',
    (call) => {
      checkToken(call);
      return assume(call);
    },
  ),
  GetSessionToken: action('DurationSeconds SerialNumber TokenCode', (call) => ({
    Credentials: credentials(call, call.account),
  })),
};

function assume(call: Call): Body {
  const arn = call.params.need('RoleArn');
  const session = call.params.need('RoleSessionName');
  const [, account, role = ''] = /^arn:[^:]+:iam::(\d{12}):role\/(.+)$/.exec(arn) ?? [];
  if (account === undefined) throw new AwsError('ValidationError', `${arn} is invalid`);
  const seconds = call.params.whole('DurationSeconds') ?? 3600;
  if (seconds < 900 || seconds > 43_200) {
    throw new AwsError(
      'ValidationError',
      `1 validation error detected: Value '${seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value between 900 and 43200`,
    );
  }
  const given = credentials(call, account);
  const name = `arn:aws:sts::${account}:assumed-role/${role.split('/').at(-1)!}/${session}`;
  const known = sessions.get(call.world) ?? new Map<string, string>();
  sessions.set(call.world, known.set(given['AccessKeyId'] as string, name));
  return {
    Credentials: given,
    AssumedRoleUser: { AssumedRoleId: `AROAREHEARSAL:${session}`, Arn: name },
  };
}

/** The one code that no device ever shows here. */
const WRONG = '000000';

/** An MFA device goes with the code that it shows. */
function checkDevice({ params }: Call): void {
  const serial = params.text('SerialNumber');
  const code = params.text('TokenCode');
  if (serial === undefined && code === undefined) return;
  if (serial !== undefined && code !== undefined && /^\d{6}$/.test(code) && code !== WRONG) return;
  throw new AwsError('AccessDenied', 'MultiFactorAuthentication failed with invalid MFA one time pass code.', 403);
}

/** Of a web identity's token the form is looked at, three parts in base64url; nobody's signature is checked. */
function checkToken({ params }: Call): void {
  const token = params.need('WebIdentityToken');
  if (/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)) return;
  throw new AwsError(
    'InvalidIdentityToken',
    'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
  );
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
