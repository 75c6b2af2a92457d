import { createHash, createHmac } from 'node:crypto';
import { parseXml, type XmlElement } from '../../lib/util/xml';
import { PROTOCOLS } from './aws/protocols';

/** An answer as data: lists are of `item` or `member`. */
export interface Data {
  readonly [name: string]: Data | readonly Data[] | string;
}

/** What a call answered. */
export interface Reply {
  readonly status: number;
  readonly data: Data;
  /** Code of the error, where it is one. */
  readonly code: string | undefined;
}

/** Calls of the query protocols, signed. */
export function client(
  endpoint: string,
  options: {
    readonly region?: string;
    readonly service?: string;
    readonly key?: string;
    readonly secret?: string;
    readonly token?: string;
    readonly now?: Date;
  } = {},
) {
  const { region = 'eu-west-1', service = 'ec2', key, secret, ...rest } = options;
  const signer: Signer = { region, ...(key && { accessKey: key }), ...(secret && { secretKey: secret }), ...rest };
  return async (action: string, params: Readonly<Record<string, string | number | boolean>> = {}): Promise<Reply> => {
    const text = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]));
    const { status, body } = await send(endpoint, service, action, text, signer);
    const data = dataOf(parseXml(body)) as Data;
    return { status, data, code: codeOf(data) };
  };
}

function codeOf(data: Data): string | undefined {
  const error = (data['Errors'] as Data | undefined)?.['Error'] ?? data['Error'];
  return (error as Data | undefined)?.['Code'] as string | undefined;
}

function dataOf(element: XmlElement): Data | readonly Data[] | string {
  if (element.children.length === 0) return element.text;
  if (element.children.every(({ name }) => name === 'item' || name === 'member'))
    return element.children.map((child) => dataOf(child) as Data);
  return Object.fromEntries(element.children.map((child) => [child.name, dataOf(child)]));
}

/** Entries of a list; none where it is empty. */
export function items(list: Data[string] | undefined): readonly Data[] {
  return Array.isArray(list) ? (list as readonly Data[]) : [];
}

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
  /** Of a session. */
  readonly token?: string;
  /** When it is signed. @default now */
  readonly now?: Date;
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
  {
    accessKey = 'GOLDSMITHREHEARSAL',
    secretKey = 'rehearsal',
    region = 'us-east-1',
    token,
    now: at = new Date(),
  }: Signer,
): Record<string, string> {
  const now = at.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const session: Record<string, string> = token === undefined ? {} : { 'x-amz-security-token': token };
  const headers: Record<string, string> = { ...given, ...session, host: new URL(url).host, 'x-amz-date': now };
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
    ...session,
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
