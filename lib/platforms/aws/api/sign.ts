import { createHash, createHmac } from 'node:crypto';
import type { Keys } from './credentials';

/** Whom and what a signature is for. */
export interface SignedFor {
  readonly keys: Keys;
  readonly region: string;
  readonly service: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** Headers that sign a GET: docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. */
export function signedHeaders(url: string, signed: SignedFor): Readonly<Record<string, string>> {
  const { host, pathname, searchParams } = new URL(url);
  const { sessionToken } = signed.keys;
  const date = dateOf(signed.now);
  const headers = {
    host,
    'x-amz-date': date,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
  };
  const names = Object.keys(headers).sort().join(';');
  const lines = Object.entries(headers)
    .sort(byName)
    .map(([name, value]) => `${name}:${value}\n`)
    .join('');
  const request = ['GET', pathOf(pathname), queryOf([...searchParams]), lines, names, sha256('')].join('\n');
  const { host: _host, ...sent } = headers;
  const credential = `${signed.keys.accessKeyId}/${scopeOf(date, signed)}`;
  const authorization = `${ALGORITHM} Credential=${credential}, SignedHeaders=${names}, Signature=${signatureOf(request, date, signed)}`;
  return { ...sent, authorization };
}

/** An address that is signed in its query, for a GET without headers. */
export function signedUrl(url: string, seconds: number, signed: SignedFor): string {
  const { protocol, host, pathname, searchParams } = new URL(url);
  const { accessKeyId, sessionToken } = signed.keys;
  const date = dateOf(signed.now);
  const query: (readonly [string, string])[] = [
    ...searchParams,
    ['X-Amz-Algorithm', ALGORITHM],
    ['X-Amz-Credential', `${accessKeyId}/${scopeOf(date, signed)}`],
    ['X-Amz-Date', date],
    ['X-Amz-Expires', String(seconds)],
    ['X-Amz-SignedHeaders', 'host'],
    ...(sessionToken === undefined ? [] : [['X-Amz-Security-Token', sessionToken] as const]),
  ];
  const asked = queryOf(query);
  const request = ['GET', pathOf(pathname), asked, `host:${host}\n`, 'host', sha256('')].join('\n');
  return `${protocol}//${host}${pathname}?${asked}&X-Amz-Signature=${signatureOf(request, date, signed)}`;
}

function signatureOf(request: string, date: string, signed: SignedFor): string {
  const scope = scopeOf(date, signed);
  const text = [ALGORITHM, date, scope, sha256(request)].join('\n');
  const start = Buffer.from(`AWS4${signed.keys.secretAccessKey}`);
  const key = scope.split('/').reduce<Buffer>((secret, part) => hmac(secret, part), start);
  return hmac(key, text).toString('hex');
}

function scopeOf(date: string, { region, service }: SignedFor): string {
  return [date.slice(0, 8), region, service, 'aws4_request'].join('/');
}

function dateOf(now: number): string {
  return new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** All services but S3 have paths encoded once more. */
function pathOf(pathname: string): string {
  return pathname.split('/').map(encoded).join('/');
}

function queryOf(pairs: readonly (readonly [string, string])[]): string {
  return pairs
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .sort(byName)
    .map((pair) => pair.join('='))
    .join('&');
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
