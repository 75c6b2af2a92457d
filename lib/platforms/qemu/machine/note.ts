import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { readIfThere } from '../../../util/atomic';
import type { Chain } from './layout';
import type { MachineKeys } from './keys';

/** What a folder of a machine or a checkpoint says of itself. */
export interface Note {
  readonly run: string;
  readonly keys: MachineKeys;
  /** Disks: files of the folder by their names, what they start from by absolute paths. */
  readonly disks: readonly Chain[];
  /** Names in the folder, where there are such. */
  readonly seed?: string | undefined;
  readonly floppy?: string | undefined;
  readonly efi?: { readonly code: string; readonly vars: string } | undefined;
  /** Media that are not in the folder, with those that are. */
  readonly cds: readonly string[];
  /** Which file each base was when it was used: it must still be the same. */
  readonly bases: Readonly<Record<string, string>>;
  /** What the memory was saved by; undefined where there is none. */
  readonly memory?: { readonly version: string; readonly accelerator: string } | undefined;
}

const NAME = 'goldsmith.json';

/** Writes the note. It holds private keys, so nobody else may read it. */
export async function writeNote(dir: string, note: Note): Promise<void> {
  await fs.writeFile(path.join(dir, NAME), JSON.stringify(note, null, 1), { mode: 0o600 });
}

/** Reads it; undefined where there is none, or it is not whole. */
export async function readNote(dir: string): Promise<Note | undefined> {
  const text = await readIfThere(path.join(dir, NAME));
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Note;
  } catch {
    return undefined;
  }
}

/** Paths as they are now: those in the folder become absolute. */
export function inFolder(dir: string, chains: readonly Chain[]): Chain[] {
  return chains.map((chain) => chain.map((disk) => ({ ...disk, file: path.resolve(dir, disk.file) })));
}

/** The other way round: what is in `dir` is written by its name alone. */
export function byName(dir: string, chains: readonly Chain[]): Chain[] {
  return chains.map((chain) =>
    chain.map((disk) => (path.dirname(disk.file) === dir ? { ...disk, file: path.basename(disk.file) } : disk)),
  );
}
