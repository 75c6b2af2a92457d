import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { GoldsmithError, messageOf } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import { explainErrno } from '../../../util/errno';
import { Tail } from '../../../util/tail';
import { needTool } from '../../../host/tool';

/** A compression, by the bytes that a file of it begins with (RFC 1952, the .xz format, RFC 8878, bzip2). */
const KINDS = [
  { name: 'gzip', magic: '1f8b', tool: undefined },
  { name: 'xz', magic: 'fd377a585a00', tool: 'xz' },
  { name: 'zstd', magic: '28b52ffd', tool: 'zstd' },
  { name: 'bzip2', magic: '425a68', tool: 'bzip2' },
] as const;

export type Packed = (typeof KINDS)[number];

/** How a file is compressed; undefined where it is not. */
export async function packedAs(file: string): Promise<Packed | undefined> {
  const handle = await fs.open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(6), 0, 6, 0);
    const head = buffer.subarray(0, bytesRead).toString('hex');
    return KINDS.find(({ magic }) => head.startsWith(magic));
  } finally {
    await handle.close();
  }
}

/** Unpacks a file, with progress in terms of what was read. */
export async function unpack(source: string, target: string, kind: Packed, ctx: RunContext): Promise<void> {
  const { size } = await fs.stat(source);
  const label = `unpack ${path.basename(source)}`;
  let current = 0;
  const input = Readable.from(
    (async function* () {
      for await (const part of createReadStream(source, { highWaterMark: 1 << 20 })) {
        current += (part as Buffer).length;
        ctx.progress({ label, current, total: size, unit: 'bytes' });
        yield part as Buffer;
      }
    })(),
    { objectMode: false },
  );
  const output = createWriteStream(target, { mode: 0o600 });
  try {
    if (kind.tool === undefined) await pipeline(input, createGunzip(), output, { signal: ctx.signal });
    else await throughTool(await needTool(kind.tool, `to unpack ${path.basename(source)}`, ctx), input, output, ctx);
  } catch (error) {
    ctx.signal.throwIfAborted();
    const better = explainErrno(error, label);
    if (GoldsmithError.is(better)) throw better;
    throw new GoldsmithError('LOOKUP_FAILED', `${path.basename(source)} cannot be unpacked: ${messageOf(error)}`, {
      cause: error,
      hint: 'the file is damaged or cut off; fetch it again',
    });
  }
}

async function throughTool(
  tool: string,
  input: Readable,
  output: NodeJS.WritableStream,
  ctx: RunContext,
): Promise<void> {
  const child = spawn(tool, ['-dc'], { env: ctx.env, stdio: ['pipe', 'pipe', 'pipe'] });
  const complaint = new Tail();
  child.stderr.setEncoding('utf8').on('data', (text: string) => complaint.push(text));
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(complaint.toString() || `status ${code}`)),
    );
  });
  ended.catch(() => undefined);
  try {
    // A tool that gives up closes its input: then its own complaint says more.
    const fed = pipeline(input, child.stdin, { signal: ctx.signal }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    });
    await Promise.all([fed, pipeline(child.stdout, output, { signal: ctx.signal })]);
    await ended;
  } finally {
    child.kill('SIGKILL');
  }
}
