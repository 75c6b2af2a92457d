import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { CloudRequest } from '../cloud';

/** How the signature of a request is wrong. */
export type SignatureFault =
  'unknown-key' | 'wrong-token' | 'wrong-signature' | 'expired' | 'ended-session' | 'incomplete';

/** What belongs to an access key. */
export interface Credential {
  readonly secret: string;
  /** Of a session: its token, and when it ends. */
  readonly token?: string;
  readonly until?: number;
}

/** A request must come within five minutes: docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. */
const SKEW = 300_000;

const HEADER =
  /^AWS4-HMAC-SHA256 Credential=([^/\s]+)\/(\d{8}\/[^/]+\/[^/]+\/aws4_request),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]+)$/;

/** Checks a signature of version 4, as a header carries it; undefined where nothing is wrong with it. */
export function signatureFault(
  request: CloudRequest,
  credentialOf: (accessKey: string) => Credential | undefined,
  now: number,
): SignatureFault | undefined {
  const { headers, method, url, body } = request;
  const [, accessKey, scope, names, signature] = HEADER.exec(headers.authorization ?? '') ?? [];
  const time = headerOf(request, 'x-amz-date');
  if (accessKey === undefined || time === '') return 'incomplete';
  const credential = credentialOf(accessKey);
  if (!credential) return 'unknown-key';
  if (credential.token !== undefined && headerOf(request, 'x-amz-security-token') !== credential.token)
    return 'wrong-token';
  if (credential.until !== undefined && credential.until < now) return 'ended-session';
  const { pathname, search } = new URL(url, 'http://localhost');
  const signed = names!.split(';');
  const canonical = [
    method,
    pathname,
    canonicalQuery(search.slice(1)),
    ...signed.map((name) => `${name}:${headerOf(request, name).trim().replace(/ +/g, ' ')}`),
    '',
    signed.join(';'),
    headerOf(request, 'x-amz-content-sha256') === 'UNSIGNED-PAYLOAD' ? 'UNSIGNED-PAYLOAD' : sha256(body),
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(Buffer.from(canonical))].join('\n');
  const key = scope!
    .split('/')
    .reduce<Buffer>((secret, part) => hmac(secret, part), Buffer.from(`AWS4${credential.secret}`));
  const given = Buffer.from(signature!, 'hex');
  const right = hmac(key, text);
  if (given.length !== right.length || !timingSafeEqual(given, right)) return 'wrong-signature';
  return Math.abs(timeOf(time) - now) > SKEW ? 'expired' : undefined;
}

function headerOf({ headers }: CloudRequest, name: string): string {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}

/** Parameters by name, each encoded as RFC 3986 has it. */
function canonicalQuery(query: string): string {
  return [...new URLSearchParams(query)]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&');
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Of `20261122T174500Z`. */
function timeOf(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')) || 0;
}

function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
