import type { IncomingHttpHeaders } from 'node:http';

/** What a request asks for, as the servers of AWS tell it from what is signed and sent. */
export interface ApiCall {
  /** The service in the signature's scope, such as `ec2`; empty where nothing is signed. */
  readonly service: string;
  readonly region: string;
  readonly accessKey: string;
  /** The name of the call; for services of other protocols the method and path. */
  readonly action: string;
  readonly body: string;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
const SCOPE = /Credential=([^/\s]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/;

/** Reads a request. */
export function callOf(method: string, url: string, headers: IncomingHttpHeaders, body: string): ApiCall {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const presigned = searchParams.get('X-Amz-Credential');
  const scope = SCOPE.exec(presigned === null ? (headers['authorization'] ?? '') : `Credential=${presigned}`);
  const target = headers['x-amz-target'];
  const named =
    typeof target === 'string'
      ? target.replace(/^.*\./, '')
      : (new URLSearchParams(body).get('Action') ?? searchParams.get('Action'));
  return {
    service: scope?.[3] ?? '',
    region: scope?.[2] ?? '',
    accessKey: scope?.[1] ?? '',
    action: named ?? `${method} ${pathname}`,
    body: body === '' && typeof target !== 'string' ? searchParams.toString() : body,
  };
}
