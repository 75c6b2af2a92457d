import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError, messageOf } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import { lockFile } from '../../../util/file-lock';
import { findInList, parseChecksum, writeChecksum, type Checksum } from './checksum';
import { download, fetchText, isAddress, shown } from './download';
import { hashFile, knownHash } from './hash';
import { packedAs, unpack } from './unpack';

/** Something that is fetched: a disk image or an installation medium. */
export interface Wanted {
  /** Paths and addresses, tried in turn. */
  readonly places: readonly string[];
  /** Name of the prop, for messages. */
  readonly prop: 'image' | 'iso';
}

/** What a checksum prop means now: the checksum itself. A list is fetched; for `none` the file is. */
export async function resolveChecksum(
  { places, prop }: Wanted,
  checksum: string,
  images: string,
  ctx: RunContext,
): Promise<string> {
  const given = parseChecksum(checksum);
  if (given) return writeChecksum(given);
  if (checksum.startsWith('file:')) return fromList(places[0]!, checksum.slice('file:'.length), ctx);
  ctx.warn(
    `${prop}: \`${prop}Checksum\` is 'none', so nobody can tell whether the file is the right one; what it is now goes into the lock file`,
  );
  const [place] = places;
  if (!isAddress(place!)) {
    return writeChecksum({
      algorithm: 'sha256',
      hex: await knownHash(await localFile(place!, prop, ctx), 'sha256', images, ctx),
    });
  }
  await fs.mkdir(images, { recursive: true });
  const part = path.join(images, `${Buffer.from(place!).toString('base64url').slice(-100)}.part`);
  await fs.rm(part, { force: true });
  await download(place!, part, ctx);
  const hex = await hashFile(part, 'sha256', 'check the download', ctx);
  await fs.rename(part, path.join(images, `sha256-${hex}`));
  return `sha256:${hex}`;
}

/** The file of a checksum, verified and unpacked: the user's own where it can be used as it is, else one in the cache. */
export async function bring(wanted: Wanted, checksum: string, images: string, ctx: RunContext): Promise<string> {
  const sum = parseChecksum(checksum)!;
  await fs.mkdir(images, { recursive: true, mode: 0o700 });
  const release = await lockFile(path.join(images, `${sum.hex.slice(0, 32)}.lock`), {
    sleep: (ms) => ctx.clock.sleep(ms, ctx.signal),
    onWait: ({ pid }) => ctx.say(`waits for process ${pid}, which fetches the same`),
  });
  try {
    const unpacked = path.join(images, `${sum.algorithm}-${sum.hex}.disk`);
    if (await isFile(unpacked)) return unpacked;
    const file = await verified(wanted, sum, images, ctx);
    const packed = await packedAs(file);
    if (!packed) return file;
    const part = `${unpacked}.part`;
    await unpack(file, part, packed, ctx);
    await fs.rename(part, unpacked);
    // It is large, and what it was unpacked from is not needed any more.
    if (file.startsWith(images + path.sep)) await fs.rm(file, { force: true });
    return unpacked;
  } finally {
    await release();
  }
}

async function verified({ places, prop }: Wanted, sum: Checksum, images: string, ctx: RunContext): Promise<string> {
  const cached = path.join(images, `${sum.algorithm}-${sum.hex}`);
  if (await isFile(cached)) return cached;
  const failures: unknown[] = [];
  for (const place of places) {
    try {
      if (isAddress(place)) await fetchChecked(place, cached, sum, ctx);
      else return await localChecked(place, prop, sum, images, ctx);
      return cached;
    } catch (error) {
      ctx.signal.throwIfAborted();
      failures.push(error);
      if (places.length > 1) ctx.warn(`${shown(place)}: ${messageOf(error)}`);
    }
  }
  if (failures.length === 1) throw failures[0] as Error;
  throw new GoldsmithError('LOOKUP_FAILED', `\`${prop}\` could be had from none of its ${places.length} places`, {
    output: failures.map((error, index) => `${shown(places[index]!)}: ${messageOf(error)}`).join('\n'),
  });
}

async function fetchChecked(address: string, cached: string, sum: Checksum, ctx: RunContext): Promise<void> {
  const part = `${cached}.part`;
  const resumed = await isFile(part);
  await download(address, part, ctx);
  const hex = await hashFile(part, sum.algorithm, 'check the download', ctx);
  if (hex === sum.hex) return fs.rename(part, cached);
  await fs.rm(part, { force: true });
  // What an earlier run had begun with may have been of another file.
  if (resumed) return fetchChecked(address, cached, sum, ctx);
  throw mismatch(
    shown(address),
    sum,
    hex,
    'what was downloaded is deleted; see whether address and checksum belong together',
  );
}

async function localChecked(
  place: string,
  prop: string,
  sum: Checksum,
  images: string,
  ctx: RunContext,
): Promise<string> {
  const file = await localFile(place, prop, ctx);
  const hex = await knownHash(file, sum.algorithm, images, ctx);
  if (hex === sum.hex) return file;
  const hint = `the file was changed or is cut off; if it is meant to be another one, change \`${prop}Checksum\`, or run \`goldsmith update\` where that is 'none'`;
  throw mismatch(place, sum, hex, hint);
}

function mismatch(place: string, { algorithm, hex }: Checksum, is: string, hint: string): GoldsmithError {
  const message = `${place} is not what it should be: its checksum is ${algorithm}:${is}, expected is ${algorithm}:${hex}`;
  return new GoldsmithError('LOOKUP_FAILED', message, { hint });
}

async function localFile(place: string, prop: string, ctx: RunContext): Promise<string> {
  const file = ctx.resolvePath(place.replace(/^file:\/\//, ''));
  if (await isFile(file)) return file;
  throw new GoldsmithError('NOT_FOUND', `\`${prop}\` names \`${place}\`, and there is no such file`, {
    hint: `paths start from the project's folder; looked at ${file}`,
  });
}

async function fromList(place: string, list: string, ctx: RunContext): Promise<string> {
  const text = isAddress(list)
    ? await fetchText(list, ctx)
    : await fs.readFile(await localFile(list, 'imageChecksum', ctx), 'utf8');
  const name = decodeURIComponent(place.split(/[?#]/)[0]!.split('/').pop()!);
  const found = findInList(text, name);
  if (found) return writeChecksum(found);
  throw new GoldsmithError('LOOKUP_FAILED', `${shown(list)} has no checksum of \`${name}\``);
}

async function isFile(file: string): Promise<boolean> {
  return fs.stat(file).then(
    (stat) => stat.isFile(),
    () => false,
  );
}
