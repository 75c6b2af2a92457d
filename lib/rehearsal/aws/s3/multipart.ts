import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseXml } from '../../../util/xml';
import { AwsError } from '../errors';
import type { RestAnswer, RestCall } from '../rest';
import { contentOf } from './body';
import { bucketOf, store, writeBytes, type Assembly, type Bucket } from './objects';
import { encryptionHeaders, encryptionOf, typeOf, xml } from './words';

/** Least bytes of a part that is not the last: docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html. */
const LEAST = 5 * 1024 * 1024;

/** CreateMultipartUpload. */
export function begin(call: RestCall, bucket: string, key: string): RestAnswer {
  const owner = bucketOf(call, bucket);
  const id = call.world.dice.hex(32);
  const encryption = encryptionOf(call);
  owner.assemblies.set(id, { key, type: typeOf(call), encryption, parts: new Map() });
  const { region } = owner;
  const place = `s3://${bucket}/${key}?uploadId=${id}`;
  call.world.inventory.created({
    cloud: 'aws',
    kind: 'multipart upload',
    id: place,
    region,
    detail: key,
    createdAt: call.now,
    lasts: false,
  });
  return xml(
    'InitiateMultipartUploadResult',
    { Bucket: bucket, Key: key, UploadId: id },
    encryptionHeaders(encryption),
  );
}

/** UploadPart. */
export async function putPart(call: RestCall, bucket: string, key: string): Promise<RestAnswer> {
  const { assembly } = assemblyOf(call, bucket, key);
  const number = Number(call.query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > 10_000) {
    throw new AwsError('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
  }
  const part = await writeBytes(call.world, contentOf(call));
  const before = assembly.parts.get(number);
  assembly.parts.set(number, part);
  if (before) await fs.rm(before.file, { force: true });
  return { status: 200, headers: { ETag: `"${part.md5.toString('hex')}"` }, body: '' };
}

/** CompleteMultipartUpload: of the parts that are named, in their order. */
export async function finish(call: RestCall, bucket: string, key: string): Promise<RestAnswer> {
  const { owner, id, assembly } = assemblyOf(call, bucket, key);
  const listed = parseXml(call.body.toString('utf8')).children.map(({ children }) => {
    const of = (name: string): string => children.find((one) => one.name === name)?.text ?? '';
    return { number: Number(of('PartNumber')), etag: of('ETag').replaceAll('"', '') };
  });
  if (listed.some(({ number }, index) => index > 0 && number <= listed[index - 1]!.number)) {
    throw new AwsError('InvalidPartOrder', 'The list of parts was not in ascending order.');
  }
  const parts = listed.map(({ number, etag }) => {
    const part = assembly.parts.get(number);
    if (part?.md5.toString('hex') !== etag)
      throw new AwsError('InvalidPart', 'One or more of the specified parts could not be found.');
    return part;
  });
  if (parts.slice(0, -1).some(({ size }) => size < LEAST)) {
    throw new AwsError('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
  }
  if (parts.length === 0) throw new AwsError('MalformedXML', 'The XML you provided was not well-formed');
  const file = path.join(call.world.disks, `object-${call.world.dice.hex(24)}`);
  for (const part of parts) await pipeline(createReadStream(part.file), createWriteStream(file, { flags: 'a' }));
  const sum = createHash('md5');
  for (const { md5 } of parts) sum.update(md5);
  const etag = `"${sum.digest('hex')}-${parts.length}"`;
  const size = parts.reduce((all, part) => all + part.size, 0);
  const { type, encryption } = assembly;
  await store(call.world, owner, { key, file, size, etag, modified: call.now, type, encryption });
  await drop(call, owner, id, assembly);
  const Location = `http://${bucket}.s3.${owner.region}.amazonaws.com/${key}`;
  return xml(
    'CompleteMultipartUploadResult',
    { Location, Bucket: bucket, Key: key, ETag: etag },
    encryptionHeaders(encryption),
  );
}

/** AbortMultipartUpload. */
export async function abort(call: RestCall, bucket: string, key: string): Promise<RestAnswer> {
  const { owner, id, assembly } = assemblyOf(call, bucket, key);
  await drop(call, owner, id, assembly);
  return { status: 204, body: '' };
}

/** ListMultipartUploads. */
export function listOpen(call: RestCall, bucket: string): RestAnswer {
  const owner = bucketOf(call, bucket);
  const prefix = call.query.get('prefix') ?? '';
  const found = [...owner.assemblies].filter(([, { key }]) => key.startsWith(prefix));
  const Upload = found.map(([UploadId, { key }]) => ({ Key: key, UploadId, Initiated: new Date(call.now) }));
  return xml('ListMultipartUploadsResult', { Bucket: bucket, Prefix: prefix, IsTruncated: false }, {}, { Upload });
}

async function drop(call: RestCall, owner: Bucket, id: string, { key, parts }: Assembly): Promise<void> {
  owner.assemblies.delete(id);
  call.world.inventory.deleted(`s3://${owner.name}/${key}?uploadId=${id}`, call.now);
  for (const { file } of parts.values()) await fs.rm(file, { force: true });
}

function assemblyOf(
  call: RestCall,
  bucket: string,
  key: string,
): { readonly owner: Bucket; readonly id: string; readonly assembly: Assembly } {
  const owner = bucketOf(call, bucket);
  const id = call.query.get('uploadId') ?? '';
  const assembly = owner.assemblies.get(id);
  if (assembly?.key === key) return { owner, id, assembly };
  throw new AwsError('NoSuchUpload', 'The specified multipart upload does not exist.', 404);
}
