import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { AwsError } from '../errors';
import type { RestCall } from '../rest';
import type { World } from '../world';

/** An object of a bucket. */
export interface StoredObject {
  readonly key: string;
  /** File that has its content. */
  readonly file: string;
  readonly size: number;
  /** With its quotes. */
  readonly etag: string;
  readonly modified: number;
  readonly type: string;
  readonly encryption: Encryption;
}

/** How an object lies there. */
export interface Encryption {
  readonly algorithm: string;
  readonly key: string | undefined;
}

/** A part of an object that is being put together. */
export interface StoredPart {
  readonly file: string;
  readonly size: number;
  readonly md5: Buffer;
}

/** An object that is being put together. */
export interface Assembly {
  readonly key: string;
  readonly type: string;
  readonly encryption: Encryption;
  readonly parts: Map<number, StoredPart>;
}

/** A bucket. */
export interface Bucket {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly createdAt: number;
  readonly objects: Map<string, StoredObject>;
  readonly assemblies: Map<string, Assembly>;
}

/**
 * A bucket that the caller may use: its own, in whatever region the call was signed for. One that is named first is taken for one that was
 * there before, unless the rehearsal was told which there are.
 */
export function bucketOf(caller: Pick<RestCall, 'world' | 'account' | 'region'>, name: string): Bucket {
  const { world, account, region } = caller;
  const isNew = !world.buckets.has(name) && !world.deletedBuckets.has(name);
  if (isNew && (world.knownBuckets?.includes(name) ?? true)) {
    world.buckets.set(name, { name, account, region, createdAt: 0, objects: new Map(), assemblies: new Map() });
  }
  const bucket = world.buckets.get(name);
  if (!bucket) throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404);
  if (bucket.account !== account) throw new AwsError('AccessDenied', 'Access Denied', 403);
  return bucket;
}

/** An object that is there. */
export function objectOf(bucket: Bucket, key: string): StoredObject {
  const found = bucket.objects.get(key);
  if (found) return found;
  throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
}

/** Puts an object into its bucket; one that was there is replaced. */
export async function store(world: World, bucket: Bucket, object: StoredObject): Promise<void> {
  const before = bucket.objects.get(object.key);
  bucket.objects.set(object.key, object);
  const { name, region } = bucket;
  const { key, size, modified } = object;
  const id = `s3://${name}/${key}`;
  world.inventory.created({
    cloud: 'aws',
    kind: 'object',
    id,
    region,
    detail: `${size} bytes`,
    createdAt: modified,
    lasts: false,
  });
  if (before) await fs.rm(before.file, { force: true });
}

/** Takes an object away; none there is no error. */
export async function discard(world: World, bucket: Bucket, key: string): Promise<void> {
  const object = bucket.objects.get(key);
  if (!object) return;
  bucket.objects.delete(key);
  world.inventory.deleted(`s3://${bucket.name}/${key}`, world.pace.now());
  await fs.rm(object.file, { force: true });
}

/** Writes bytes into a file of their own. */
export async function writeBytes(world: World, data: Uint8Array): Promise<StoredPart> {
  await fs.mkdir(world.disks, { recursive: true });
  const file = path.join(world.disks, `object-${world.dice.hex(24)}`);
  await fs.writeFile(file, data);
  return { file, size: data.length, md5: createHash('md5').update(data).digest() };
}
