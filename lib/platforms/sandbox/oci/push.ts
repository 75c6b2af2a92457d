import { createReadStream } from 'node:fs';
import { GoldsmithError } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import { PassingTrouble, type Registry } from './registry';

/** A blob to be sent: a file, or a text. */
export interface OutgoingBlob {
  readonly digest: string;
  readonly size: number;
  readonly path?: string;
  readonly text?: string;
}

/**
 * Sends a blob, unless the registry has it: one PATCH with all of it, which every registry takes. When that breaks off, the registry says
 * how much it has, and the rest follows (OCI distribution-spec, "Pushing a blob in chunks").
 */
export async function pushBlob(registry: Registry, blob: OutgoingBlob, ctx: RunContext): Promise<void> {
  const label = `push ${registry.reference.repository} ${blob.digest.slice(7, 19)}`;
  const head = await registry.need(label, `blobs/${blob.digest}`, { method: 'HEAD' }, [404]);
  head.resume();
  if (head.statusCode === 200) return;
  const upload = { location: '', sent: 0 };
  await registry.persistently(label, async () => {
    if (upload.location === '') await begin(registry, upload, label);
    else await askWhere(registry, upload, label);
    if (upload.sent < blob.size) await send(registry, upload, blob, label, ctx);
    await finish(registry, upload, blob, label);
  });
}

/** Sends a manifest under a tag. */
export async function pushManifest(
  registry: Registry,
  tag: string,
  text: string,
  mediaType: string,
  digest: string,
): Promise<void> {
  const what = `push ${registry.reference.repository}:${tag}`;
  const headers = { 'content-type': mediaType, 'content-length': String(Buffer.byteLength(text)) };
  const response = await registry.need(what, `manifests/${tag}`, { method: 'PUT', headers, body: text });
  response.resume();
  const got = response.headers['docker-content-digest'];
  if (got !== undefined && got !== digest)
    throw new GoldsmithError('TRANSFER_FAILED', `${what}: the registry stored ${String(got)}, and ${digest} was sent`);
}

interface Upload {
  location: string;
  sent: number;
}

async function begin(registry: Registry, upload: Upload, what: string): Promise<void> {
  const response = await registry.call('blobs/uploads/', { method: 'POST', headers: { 'content-length': '0' } });
  if (response.statusCode !== 202 || response.headers.location === undefined)
    throw await registry.refusal(what, response);
  response.resume();
  upload.location = response.headers.location;
  upload.sent = 0;
}

/** Asks how much arrived. A registry that does not know the upload any more gets it from the start. */
async function askWhere(registry: Registry, upload: Upload, what: string): Promise<void> {
  const response = await registry.call(upload.location);
  response.resume();
  const last = /^(?:bytes=)?0-(\d+)$/.exec(response.headers.range ?? '')?.[1];
  if (response.statusCode !== 204) return begin(registry, upload, what);
  upload.location = response.headers.location ?? upload.location;
  upload.sent = last === undefined || last === '0' ? 0 : Number(last) + 1;
}

async function send(
  registry: Registry,
  upload: Upload,
  blob: OutgoingBlob,
  label: string,
  ctx: RunContext,
): Promise<void> {
  const from = upload.sent;
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(blob.size - from),
    ...(from > 0 && { 'content-range': `${from}-${blob.size - 1}` }),
  };
  const response = await registry.call(upload.location, {
    method: 'PATCH',
    headers,
    makeBody: () => bodyOf(blob, from, label, ctx),
  });
  if (response.statusCode !== 202) throw await registry.refusal(label, response);
  response.resume();
  upload.location = response.headers.location ?? upload.location;
  upload.sent = blob.size;
}

async function finish(registry: Registry, upload: Upload, blob: OutgoingBlob, what: string): Promise<void> {
  const url = `${upload.location}${upload.location.includes('?') ? '&' : '?'}digest=${encodeURIComponent(blob.digest)}`;
  const response = await registry.call(url, { method: 'PUT', headers: { 'content-length': '0' } });
  if (response.statusCode === 201) return void response.resume();
  // What arrived was not what was sent: the next try starts anew.
  upload.location = '';
  const refusal = await registry.refusal(what, response);
  throw response.statusCode === 400 || response.statusCode === 416 ? new PassingTrouble(refusal.message) : refusal;
}

function bodyOf(
  blob: OutgoingBlob,
  from: number,
  label: string,
  ctx: RunContext,
): string | ReturnType<typeof createReadStream> {
  if (blob.path === undefined) return blob.text!.slice(from);
  let current = from;
  return createReadStream(blob.path, { start: from, highWaterMark: 1 << 18 }).on('data', (part) => {
    current += part.length;
    ctx.progress({ label, current, total: blob.size, unit: 'bytes' });
  });
}
