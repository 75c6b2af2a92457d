import type { IncomingMessage } from 'node:http';
import { GoldsmithError } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import type { Credentials } from '../../../oci/credentials';
import { textOf, type Transport } from './http';

/** What a registry wants to see before it answers: RFC 9110 11.6.1, and distribution's token authentication. */
export interface Challenge {
  readonly scheme: 'basic' | 'bearer';
  readonly parameters: Readonly<Record<string, string>>;
}

/** Reads the challenge of a 401 answer. */
export function challengeOf(response: IncomingMessage): Challenge | undefined {
  const header = response.headers['www-authenticate'];
  const scheme = /^(basic|bearer)\b/i.exec(header ?? '')?.[1]?.toLowerCase();
  if (header === undefined || scheme === undefined) return undefined;
  const parameters = Object.fromEntries(
    [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name!.toLowerCase(), value!]),
  );
  return { scheme: scheme as Challenge['scheme'], parameters };
}

/** What to put into the `authorization` header to meet a challenge; undefined where nothing could meet it. */
export async function authorize(
  challenge: Challenge,
  scope: string,
  credentials: Credentials | undefined,
  transport: Transport,
  ctx: RunContext,
): Promise<string | undefined> {
  if (challenge.scheme === 'basic') return credentials && `Basic ${basic(credentials)}`;
  const { realm, service } = challenge.parameters;
  if (realm === undefined) return undefined;
  const token =
    credentials?.identityToken === undefined
      ? await byGet(realm, service, scope, credentials, transport, ctx)
      : await byPost(realm, service, scope, credentials.identityToken, transport, ctx);
  ctx.secret(token);
  return `Bearer ${token}`;
}

function byGet(
  realm: string,
  service: string | undefined,
  scope: string,
  credentials: Credentials | undefined,
  transport: Transport,
  ctx: RunContext,
): Promise<string> {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const one of scope.split(' ')) url.searchParams.append('scope', one);
  const headers: Record<string, string> = credentials ? { authorization: `Basic ${basic(credentials)}` } : {};
  return fetchToken(transport.send({ url: url.href, headers, signal: ctx.signal }), url.host);
}

function byPost(
  realm: string,
  service: string | undefined,
  scope: string,
  refreshToken: string,
  transport: Transport,
  ctx: RunContext,
): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    service: service ?? '',
    client_id: 'goldsmith',
    scope,
    refresh_token: refreshToken,
  }).toString();
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(Buffer.byteLength(body)),
  };
  return fetchToken(
    transport.send({ method: 'POST', url: realm, headers, body, signal: ctx.signal }),
    new URL(realm).host,
  );
}

async function fetchToken(answer: Promise<IncomingMessage>, host: string): Promise<string> {
  const response = await answer;
  const text = await textOf(response);
  if (response.statusCode === 401 || response.statusCode === 403) {
    throw new GoldsmithError('ACCESS_DENIED', `${host} refused the credentials (status ${response.statusCode})`, {
      hint: LOGIN_HINT,
    });
  }
  const { token, access_token: accessToken } = (response.statusCode === 200 ? JSON.parse(text) : {}) as {
    token?: string;
    access_token?: string;
  };
  const found = token ?? accessToken;
  if (found === undefined)
    throw new GoldsmithError(
      'ACCESS_DENIED',
      `${host} gave no token (status ${response.statusCode}): ${text.slice(0, 200)}`,
    );
  return found;
}

/** What helps where access is denied. */
export const LOGIN_HINT = 'log in with `docker login`, or give `login: { username, password }`';

function basic({ username, password }: Credentials): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}
