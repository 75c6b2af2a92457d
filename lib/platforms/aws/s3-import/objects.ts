import * as fs from 'node:fs/promises';
import type { ResourceRecord } from '../../../extension/artifact';
import type { ProcessContext } from '../../../extension/context';
import { asLocator, type Place } from '../api/access';
import type { Api } from '../api/api';
import { isNotFound } from '../api/errors';
import { gone } from '../driver/remove-image';

const MIB = 1024 ** 2;
/** Bytes of a part: at least 5 MiB, and at most 10,000 of them: docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html. */
const PART = 8 * MIB;
const MOST_PARTS = 10_000;
const PARALLEL = 4;

/** Where a file goes, and how it lies there. */
export interface Target {
  readonly bucket: string;
  readonly key: string;
  readonly encryption?: 'AES256' | 'aws:kms' | undefined;
  readonly encryptionKey?: string | undefined;
}

/** Sends a file to a bucket, in parts. */
export async function upload(api: Api, path: string, target: Target, ctx: ProcessContext): Promise<ResourceRecord> {
  const { bucket: Bucket, key: Key, encryption, encryptionKey } = target;
  let UploadId: string | undefined;
  const locator = asLocator(api.place, { bucket: Bucket, key: Key });
  const resource = await ctx.acquire('amazon-import:object', locator, async () => {
    const begun = await api.call('s3:CreateMultipartUpload', {
      Bucket,
      Key,
      ...(encryption !== undefined && { ServerSideEncryption: encryption }),
      ...(encryptionKey !== undefined && { SSEKMSKeyId: encryptionKey }),
    });
    UploadId = begun.UploadId;
    return `s3://${Bucket}/${Key}`;
  });
  const Parts = await sendParts(api, path, { Bucket, Key, UploadId: UploadId! }, ctx);
  try {
    await api.call('s3:CompleteMultipartUpload', { Bucket, Key, UploadId, MultipartUpload: { Parts } }, ctx.signal);
  } catch (error) {
    // Where only the answer was lost, the upload is over, and the file is there.
    if (!isNotFound(error)) throw error;
    await api.call('s3:HeadObject', { Bucket, Key }, ctx.signal);
  }
  return resource;
}

interface Sending {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
}

async function sendParts(
  api: Api,
  path: string,
  to: Sending,
  ctx: ProcessContext,
): Promise<{ readonly PartNumber: number; readonly ETag: string | undefined }[]> {
  const file = await fs.open(path);
  try {
    const { size } = await file.stat();
    const length = Math.max(PART, Math.ceil(size / MOST_PARTS / MIB) * MIB);
    const count = Math.max(1, Math.ceil(size / length));
    const stop = new AbortController();
    const signal = AbortSignal.any([ctx.signal, stop.signal]);
    const parts: { readonly PartNumber: number; readonly ETag: string | undefined }[] = [];
    let next = 1;
    let sent = 0;
    const work = async (): Promise<void> => {
      const data = Buffer.alloc(length);
      for (let PartNumber = next++; PartNumber <= count; PartNumber = next++) {
        const { bytesRead } = await file.read(data, 0, length, (PartNumber - 1) * length);
        const request = { ...to, PartNumber, Body: data.subarray(0, bytesRead) };
        const { ETag } = await api.call('s3:UploadPart', request, signal);
        parts.push({ PartNumber, ETag });
        sent += bytesRead;
        ctx.progress({ label: `upload ${to.Key}`, current: sent, total: size, unit: 'bytes' });
      }
    };
    const workers = Array.from({ length: Math.min(PARALLEL, count) }, () =>
      work().catch((error: unknown) => {
        stop.abort(error);
        throw error;
      }),
    );
    // All have ended before the file is closed.
    const results = await Promise.allSettled(workers);
    signal.throwIfAborted();
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    return parts.sort((a, b) => a.PartNumber - b.PartNumber);
  } finally {
    await file.close();
  }
}

/** Deletes a file of a bucket, and what was sent of it where it never came to be. */
export async function removeUpload(api: Api, { locator }: ResourceRecord, signal: AbortSignal): Promise<void> {
  const { bucket: Bucket, key: Key } = locator as unknown as Place & { readonly bucket: string; readonly key: string };
  try {
    const { Uploads = [] } = await api.call('s3:ListMultipartUploads', { Bucket, Prefix: Key }, signal);
    for (const { Key: key, UploadId } of Uploads) {
      if (key === Key) await gone(api.call('s3:AbortMultipartUpload', { Bucket, Key, UploadId }, signal));
    }
    await api.call('s3:DeleteObject', { Bucket, Key }, signal);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
