import { createReadStream } from 'node:fs';
import { escapeXml, parseXml } from '../../../util/xml';
import { AwsError } from '../errors';
import { header, partsOf, type RestAnswer, type RestCall, type RestService } from '../rest';
import { contentOf } from './body';
import { abort, begin, finish, listOpen, putPart } from './multipart';
import { bucketOf, discard, objectOf, store, writeBytes, type StoredObject } from './objects';
import { encryptionHeaders, encryptionOf, typeOf, xml } from './words';

type Answer = RestAnswer | Promise<RestAnswer>;

const CALLS: Readonly<Record<string, (call: RestCall, bucket: string, key: string) => Answer>> = {
  ListBuckets: (call) => {
    const Bucket = [...call.world.buckets.values()]
      .filter(({ account }) => account === call.account)
      .map(({ name, createdAt }) => ({ Name: name, CreationDate: new Date(createdAt) }));
    return xml('ListAllMyBucketsResult', {}, {}, { Bucket });
  },
  CreateBucket: createBucket,
  HeadBucket: (call, bucket) => ({
    status: 200,
    headers: { 'x-amz-bucket-region': bucketOf(call, bucket).region },
    body: '',
  }),
  DeleteBucket: (call, bucket) => {
    if (bucketOf(call, bucket).objects.size > 0) {
      throw new AwsError('BucketNotEmpty', 'The bucket you tried to delete is not empty', 409);
    }
    call.world.buckets.delete(bucket);
    call.world.deletedBuckets.add(bucket);
    call.world.inventory.deleted(`s3://${bucket}`, call.now);
    return { status: 204, body: '' };
  },
  ListObjectsV2: (call, bucket) => {
    const prefix = call.query.get('prefix') ?? '';
    const found = [...bucketOf(call, bucket).objects.values()].filter(({ key }) => key.startsWith(prefix));
    const Contents = found
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map(({ key, size, etag, modified }) => ({
        Key: key,
        LastModified: new Date(modified),
        ETag: etag,
        Size: size,
        StorageClass: 'STANDARD',
      }));
    const fields = { Name: bucket, Prefix: prefix, KeyCount: found.length, MaxKeys: 1000, IsTruncated: false };
    return xml('ListBucketResult', fields, {}, { Contents });
  },
  ListMultipartUploads: (call, bucket) => listOpen(call, bucket),
  PutObject: async (call, bucket, key) => {
    const owner = bucketOf(call, bucket);
    const encryption = encryptionOf(call);
    const { file, size, md5 } = await writeBytes(call.world, contentOf(call));
    const etag = `"${md5.toString('hex')}"`;
    await store(call.world, owner, { key, file, size, etag, modified: call.now, type: typeOf(call), encryption });
    return { status: 200, headers: { ETag: etag, ...encryptionHeaders(encryption) }, body: '' };
  },
  HeadObject: (call, bucket, key) => {
    const object = objectOf(bucketOf(call, bucket), key);
    return { status: 200, headers: { ...headersOf(object), 'content-length': String(object.size) }, body: '' };
  },
  GetObject: async (call, bucket, key) => {
    const object = objectOf(bucketOf(call, bucket), key);
    const [from, to, isPart] = rangeOf(call, object);
    const body = object.size === 0 ? Buffer.alloc(0) : await bytesOf(object.file, from, to);
    const range = isPart ? { 'content-range': `bytes ${from}-${to}/${object.size}` } : {};
    return { status: isPart ? 206 : 200, headers: { ...headersOf(object), ...range }, body };
  },
  DeleteObject: async (call, bucket, key) => {
    await discard(call.world, bucketOf(call, bucket), key);
    return { status: 204, body: '' };
  },
  CreateMultipartUpload: begin,
  UploadPart: putPart,
  CompleteMultipartUpload: finish,
  AbortMultipartUpload: abort,
};

/** As much of S3 as takes in the disks of images: https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html */
export const S3: RestService = {
  pathOf(pathname, host) {
    // Names of buckets come first in the path, or in the host's name: `images.localhost:5000`.
    const [, bucket] = /^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\.(?:localhost|s3\.[\w.-]+)(?::\d+)?$/.exec(host) ?? [];
    return bucket === undefined ? partsOf(pathname) : [bucket, ...partsOf(pathname)];
  },
  nameOf(method, [bucket = '', ...key], query) {
    if (bucket === '') return method === 'GET' ? 'ListBuckets' : '';
    if (key.join('/') === '') {
      if (method === 'GET')
        return query.has('uploads') ? 'ListMultipartUploads' : query.has('list-type') ? 'ListObjectsV2' : '';
      return { PUT: 'CreateBucket', HEAD: 'HeadBucket', DELETE: 'DeleteBucket' }[method] ?? '';
    }
    if (query.has('uploadId')) {
      return { PUT: 'UploadPart', POST: 'CompleteMultipartUpload', DELETE: 'AbortMultipartUpload' }[method] ?? '';
    }
    if (method === 'POST') return query.has('uploads') ? 'CreateMultipartUpload' : '';
    return { PUT: 'PutObject', HEAD: 'HeadObject', GET: 'GetObject', DELETE: 'DeleteObject' }[method] ?? '';
  },
  handle: async (name, call) => CALLS[name]!(call, call.path[0]!, call.path.slice(1).join('/')),
  refuse({ code, message, status }, requestId) {
    const name = code === 'RequestLimitExceeded' ? 'SlowDown' : code;
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${name}</Code><Message>${escapeXml(message)}</Message><RequestId>${requestId}</RequestId></Error>`;
    return { status, headers: { 'content-type': 'application/xml' }, body };
  },
};

function createBucket(call: RestCall, name: string): RestAnswer {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) {
    throw new AwsError('InvalidBucketName', 'The specified bucket is not valid.');
  }
  const { world, account, region, now } = call;
  const before = world.buckets.get(name);
  if (before?.account === account) {
    throw new AwsError(
      'BucketAlreadyOwnedByYou',
      'Your previous request to create the named bucket succeeded and you already own it.',
      409,
    );
  }
  if (before) throw new AwsError('BucketAlreadyExists', 'The requested bucket name is not available.', 409);
  const text = call.body.toString('utf8');
  const wanted =
    text === '' ? undefined : parseXml(text).children.find((one) => one.name === 'LocationConstraint')?.text;
  if ((wanted ?? 'us-east-1') !== region) {
    throw new AwsError(
      'IllegalLocationConstraintException',
      `The ${wanted ?? 'unspecified'} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    );
  }
  world.buckets.set(name, { name, account, region, createdAt: now, objects: new Map(), assemblies: new Map() });
  world.inventory.created({
    cloud: 'aws',
    kind: 'bucket',
    id: `s3://${name}`,
    region,
    detail: name,
    createdAt: now,
    lasts: true,
  });
  return { status: 200, headers: { Location: `/${name}` }, body: '' };
}

function headersOf({ etag, modified, type, encryption }: StoredObject): Record<string, string> {
  return {
    ETag: etag,
    'last-modified': new Date(modified).toUTCString(),
    'content-type': type,
    'accept-ranges': 'bytes',
    ...encryptionHeaders(encryption),
  };
}

function rangeOf(call: RestCall, { size }: StoredObject): readonly [number, number, boolean] {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(header(call, 'range') ?? '') ?? [];
  if (from === undefined) return [0, size - 1, false];
  if (Number(from) >= size) throw new AwsError('InvalidRange', 'The requested range is not satisfiable', 416);
  return [Number(from), to === '' ? size - 1 : Math.min(Number(to), size - 1), true];
}

async function bytesOf(file: string, start: number, end: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of createReadStream(file, { start, end }) as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}
