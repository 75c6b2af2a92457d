import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsError } from '../errors';
import { header, type RestCall } from '../rest';

/** The content that a request carries, with its checksums looked at. */
export function contentOf(call: RestCall): Buffer {
  const trailers = new Map<string, string>();
  const data = isChunked(call) ? unchunked(call.body, trailers) : call.body;
  const given = (name: string): string | undefined => header(call, name) ?? trailers.get(name);
  const length = header(call, 'x-amz-decoded-content-length');
  if (length !== undefined && Number(length) !== data.length) {
    throw new AwsError(
      'IncompleteBody',
      'You did not provide the number of bytes specified by the Content-Length HTTP header',
    );
  }
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(data));
  const sums = {
    'content-md5': () => createHash('md5').update(data).digest('base64'),
    'x-amz-checksum-crc32': () => crc.toString('base64'),
    'x-amz-checksum-sha256': () => createHash('sha256').update(data).digest('base64'),
    'x-amz-checksum-sha1': () => createHash('sha1').update(data).digest('base64'),
  };
  for (const [name, sum] of Object.entries(sums)) {
    const wanted = given(name);
    if (wanted !== undefined && wanted !== sum()) {
      throw new AwsError('BadDigest', `The ${name} you specified did not match what we received.`);
    }
  }
  return data;
}

function isChunked(call: RestCall): boolean {
  return (
    (header(call, 'content-encoding') ?? '').includes('aws-chunked') ||
    (header(call, 'x-amz-content-sha256') ?? '').startsWith('STREAMING-')
  );
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html: a line with a length, so many bytes, and so on; then trailers. */
function unchunked(body: Buffer, trailers: Map<string, string>): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const end = body.indexOf('\r\n', at);
    const length = parseInt(body.toString('latin1', at, Math.max(end, at)), 16);
    if (end < 0 || Number.isNaN(length))
      throw new AwsError('IncompleteBody', 'The request body terminated unexpectedly');
    at = end + 2;
    if (length === 0) {
      for (const line of body.toString('latin1', at).split('\r\n')) {
        const [, name, value] = /^([\w-]+):\s*(\S+)$/.exec(line) ?? [];
        if (name !== undefined) trailers.set(name.toLowerCase(), value!);
      }
      return Buffer.concat(parts);
    }
    parts.push(body.subarray(at, at + length));
    at += length + 2;
  }
}
