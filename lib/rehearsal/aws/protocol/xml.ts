import { escapeXml } from '../../../util/xml';

/** What an answer is written from: names are those on the wire, `undefined` is left out. */
export type Answer =
  string | number | boolean | Date | undefined | readonly Answer[] | { readonly [name: string]: Answer };

/** Answers of the EC2 protocol: https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html */
export function ec2Answer(action: string, requestId: string, body: { readonly [name: string]: Answer }): string {
  const content = element('requestId', requestId, 'item') + members(body, 'item');
  return `${HEAD}<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">${content}</${action}Response>`;
}

/** Answers of the query protocol, which STS and IAM speak: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html */
export function queryAnswer(
  action: string,
  requestId: string,
  body: { readonly [name: string]: Answer },
  namespace: string,
): string {
  // A call that answers nothing has no result, not even an empty one.
  const content = members(body, 'member');
  const result = content === '' ? '' : `<${action}Result>${content}</${action}Result>`;
  const metadata = `<ResponseMetadata>${element('RequestId', requestId, 'member')}</ResponseMetadata>`;
  return `${HEAD}<${action}Response xmlns="${namespace}">${result}${metadata}</${action}Response>`;
}

/** An error as EC2 writes it. */
export function ec2Error(code: string, message: string, requestId: string): string {
  const error = members({ Code: code, Message: message }, 'item');
  return `${HEAD}<Response><Errors><Error>${error}</Error></Errors><RequestID>${requestId}</RequestID></Response>`;
}

/** An error of the query protocol. */
export function queryError(code: string, message: string, requestId: string, namespace: string): string {
  const error = members({ Type: 'Sender', Code: code, Message: message }, 'member');
  return `${HEAD}<ErrorResponse xmlns="${namespace}"><Error>${error}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
}

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';

function members(body: { readonly [name: string]: Answer }, item: string): string {
  return Object.entries(body)
    .map(([name, value]) => element(name, value, item))
    .join('');
}

function element(name: string, value: Answer, item: string): string {
  if (value === undefined) return '';
  if (value instanceof Date) return `<${name}>${value.toISOString()}</${name}>`;
  if (isList(value)) return `<${name}>${value.map((one) => element(item, one, item)).join('')}</${name}>`;
  if (typeof value === 'object') return `<${name}>${members(value, item)}</${name}>`;
  return `<${name}>${escapeXml(String(value))}</${name}>`;
}

function isList(value: Answer): value is readonly Answer[] {
  return Array.isArray(value);
}
