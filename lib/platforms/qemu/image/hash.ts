import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { RunContext } from '../../../extension/context';
import { sha256 } from '../../../plan/digest';
import { readIfThere, writeAtomically } from '../../../util/atomic';
import type { Checksum } from './checksum';

/** The checksum of a file, in hex, with progress. */
export async function hashFile(
  file: string,
  algorithm: Checksum['algorithm'],
  label: string,
  ctx: RunContext,
): Promise<string> {
  const { size } = await fs.stat(file);
  const hash = createHash(algorithm);
  let current = 0;
  for await (const part of createReadStream(file, { highWaterMark: 1 << 20, signal: ctx.signal })) {
    hash.update(part as Buffer);
    current += (part as Buffer).length;
    ctx.progress({ label, current, total: size, unit: 'bytes' });
  }
  return hash.digest('hex');
}

/** The same, from a note where the file is still the one that was read then: told by its inode, size and times. */
export async function knownHash(
  file: string,
  algorithm: Checksum['algorithm'],
  notes: string,
  ctx: RunContext,
): Promise<string> {
  const stamp = await stampOf(file);
  const note = path.join(notes, `${sha256(`${algorithm} ${file}`).slice(0, 32)}.json`);
  const known = JSON.parse((await readIfThere(note)) ?? '{}') as { stamp?: string; hex?: string };
  if (known.stamp === stamp && known.hex !== undefined) return known.hex;
  const hex = await hashFile(file, algorithm, `check ${path.basename(file)}`, ctx);
  if ((await stampOf(file)) === stamp) await writeAtomically(note, JSON.stringify({ stamp, hex }));
  return hex;
}

/** Which file it is, in which state. */
export async function stampOf(file: string): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await fs.stat(file, { bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}
