import { escapeXml } from '../../../util/xml';
import { AwsError } from '../errors';
import { usableKey } from '../kms/keys';
import { header, type RestAnswer, type RestCall } from '../rest';
import type { Encryption } from './objects';

type Value = string | number | boolean | Date;
type Fields = Readonly<Record<string, Value>>;

/** An answer in XML: fields, and elements that are there several times, as S3 writes its lists. */
export function xml(
  root: string,
  fields: Fields,
  headers: Readonly<Record<string, string>> = {},
  lists: Readonly<Record<string, readonly Fields[]>> = {},
): RestAnswer {
  const many = Object.entries(lists).map(([name, rows]) =>
    rows.map((row) => `<${name}>${inner(row)}</${name}>`).join(''),
  );
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner(fields)}${many.join('')}</${root}>`;
  return { status: 200, headers: { 'content-type': 'application/xml', ...headers }, body };
}

function inner(fields: Fields): string {
  return Object.entries(fields)
    .map(
      ([name, value]) => `<${name}>${escapeXml(value instanceof Date ? value.toISOString() : String(value))}</${name}>`,
    )
    .join('');
}

/** The type that an object was given. */
export function typeOf(call: RestCall): string {
  return header(call, 'content-type') ?? 'binary/octet-stream';
}

/** How an object shall be encrypted: by S3's own key where nothing is said. */
export function encryptionOf(call: RestCall): Encryption {
  const algorithm = header(call, 'x-amz-server-side-encryption') ?? 'AES256';
  const key = header(call, 'x-amz-server-side-encryption-aws-kms-key-id');
  if (!['AES256', 'aws:kms', 'aws:kms:dsse'].includes(algorithm)) {
    throw new AwsError('InvalidArgument', 'The encryption method specified is not supported');
  }
  if (key !== undefined && algorithm === 'AES256') {
    throw new AwsError(
      'InvalidArgument',
      'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
    );
  }
  if (key !== undefined && usableKey(call.world, call, key) === undefined) {
    throw new AwsError('KMS.NotFoundException', `Key '${key}' does not exist`);
  }
  return { algorithm, key };
}

/** How it is encrypted, as answers say it. */
export function encryptionHeaders({ algorithm, key }: Encryption): Record<string, string> {
  return {
    'x-amz-server-side-encryption': algorithm,
    ...(key !== undefined && { 'x-amz-server-side-encryption-aws-kms-key-id': key }),
  };
}
