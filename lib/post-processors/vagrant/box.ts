import type { Stats } from 'node:fs';
import type { Artifact, ArtifactFile } from '../../extension/artifact';
import type { ProcessContext } from '../../extension/context';
import type { DiskFormat } from '../../host/disk-format';
import type { LocalFile } from '../artifact-files';
import type { MachineDisks } from '../disks';
import type { Hardware } from './hardware';

/** A file of a box that is on disk. */
export interface BoxFile {
  /** With slashes. */
  readonly name: string;
  readonly file: string;
  readonly stat: Stats;
}

/** What a provider's box holds beside what the user adds. */
export interface BoxContent {
  /** What metadata.json says beside provider and architecture. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** The provider's part of the Vagrantfile. */
  readonly vagrantfile: string;
  /** Small files, by name. */
  readonly texts?: Readonly<Record<string, string>>;
  readonly files: readonly BoxFile[];
}

/** What a provider's box is made of. */
export interface BoxInput {
  readonly artifact: Artifact;
  /** All files of the artifact. */
  readonly files: readonly LocalFile[];
  /** A name for the machine. */
  readonly name: string;
  readonly architecture: string;
  /** The disks, and the machine around them. */
  machine(): Promise<{ readonly disks: MachineDisks; readonly hardware: Hardware }>;
  /** A folder for files that are needed until the box is written. */
  temporary(): Promise<string>;
  readonly ctx: ProcessContext;
}

/** What makes the content of a box. */
export type BoxMaker = (input: BoxInput) => Promise<BoxContent>;

/** A format in which a provider wants its disks. */
export interface WantedDisk {
  readonly format: DiskFormat;
  /** Whether a disk of the format is taken as it is. */
  readonly asItIs?: boolean;
  readonly subformat?: 'monolithicSparse' | 'streamOptimized';
  readonly args?: readonly string[];
  readonly name: (index: number) => string;
}

/** A box that was written. */
export interface WrittenBox {
  readonly provider: string;
  readonly file: ArtifactFile & { readonly sha256: string };
}
