import { createHash, createHmac } from 'node:crypto';
import { PROTOCOLS } from './protocols';

/** What a server answered. */
export interface Answered {
  readonly status: number;
  readonly body: string;
}

/** Whom a request is of. */
export interface Signer {
  readonly accessKey?: string;
  readonly secretKey?: string;
  readonly region?: string;
}

/** Milliseconds in which any server of this machine answers. */
const WITHIN = 30_000;

/** Sends one call with exactly these parameters, signed, without retrying. */
export async function send(
  url: string,
  service: string,
  action: string,
  params: Readonly<Record<string, unknown>>,
  signer: Signer = {},
): Promise<Answered> {
  const { protocol, version, target } = PROTOCOLS[service]!;
  const json = protocol === 'json';
  const form = { Action: action, Version: version, ...(params as Readonly<Record<string, string>>) };
  const body = json ? JSON.stringify(params) : new URLSearchParams(form).toString();
  const headers: Record<string, string> = json
    ? { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${target}.${action}` }
    : { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  const answer = await fetch(url, {
    method: 'POST',
    signal: AbortSignal.timeout(WITHIN),
    body,
    headers: { ...headers, ...signed(url, service, headers, body, signer) },
  });
  return { status: answer.status, body: await answer.text() };
}

/** Signature version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
function signed(
  url: string,
  service: string,
  given: Readonly<Record<string, string>>,
  body: string,
  { accessKey = 'GOLDSMITHREHEARSAL', secretKey = 'rehearsal', region = 'us-east-1' }: Signer,
): Record<string, string> {
  const now = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const headers: Record<string, string> = { ...given, host: new URL(url).host, 'x-amz-date': now };
  const names = Object.keys(headers).sort();
  const canonical = [
    'POST',
    '/',
    '',
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    hash(body),
  ];
  const scope = [now.slice(0, 8), region, service, 'aws4_request'];
  const key = scope.reduce<Buffer>((secret, part) => hmac(secret, part), Buffer.from(`AWS4${secretKey}`));
  const text = ['AWS4-HMAC-SHA256', now, scope.join('/'), hash(canonical.join('\n'))].join('\n');
  const credential = `AWS4-HMAC-SHA256 Credential=${[accessKey, ...scope].join('/')}`;
  return {
    'x-amz-date': now,
    authorization: `${credential}, SignedHeaders=${names.join(';')}, Signature=${hmac(key, text).toString('hex')}`,
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
