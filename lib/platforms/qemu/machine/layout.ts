import * as path from 'node:path';
import type { QemuFormat } from '../props/capture-props';

/** A file of a disk's chain. */
export interface DiskFile {
  readonly file: string;
  readonly format: QemuFormat;
}

/** A disk: what it starts from first, what is written last. Only the last is ever written. */
export type Chain = readonly DiskFile[];

/** What a machine is made of on this machine's disk: enough to start it again. */
export interface Layout {
  /** Folder of the machine. */
  readonly dir: string;
  /** Folder for its sockets. */
  readonly sockets: string;
  readonly disks: readonly Chain[];
  /** Images of CDs, the first to be booted from where there is an operating system on none of the disks. */
  readonly cds: readonly string[];
  readonly floppy?: string | undefined;
  /** Seed of cloud-init. */
  readonly seed?: string | undefined;
  /** Firmware, with variables of its own. */
  readonly efi?: { readonly code: string; readonly vars: string } | undefined;
  /** Whether it boots from the first CD once. */
  readonly install?: boolean | undefined;
  /** Memory is loaded into it rather than that it boots. */
  readonly incoming?: boolean | undefined;
}

/** Sockets and files within the folders. */
export const qmpSocket = (sockets: string): string => path.join(sockets, 'qmp');
export const vncSocket = (sockets: string): string => path.join(sockets, 'vnc');
export const tpmSocket = (sockets: string): string => path.join(sockets, 'tpm');
export const agentSocket = (sockets: string): string => path.join(sockets, 'agent');
export const serialLog = (dir: string): string => path.join(dir, 'console.log');

/** A disk as a tree of block nodes, with each file named: what the files say of what they start from does not count. */
export function blockNode(chain: Chain, name: string, options: BlockOptions): Record<string, unknown> {
  const [top, ...below] = [...chain].reverse();
  const writable = options.readOnly !== true;
  return {
    driver: top!.format,
    'node-name': name,
    ...(writable && options.discard !== undefined && { discard: options.discard }),
    ...(writable && options.detectZeroes !== undefined && { 'detect-zeroes': options.detectZeroes }),
    ...(options.cache && { cache: options.cache }),
    ...(!writable && { 'read-only': true }),
    file: {
      driver: 'file',
      filename: top!.file,
      ...(writable && options.discard !== undefined && { discard: options.discard }),
      ...(options.cache && { cache: options.cache }),
      ...(!writable && { 'read-only': true }),
    },
    ...backing(below, name),
  };
}

/** Options of {@link blockNode}; what lies below the first is always only read. */
export interface BlockOptions {
  readonly discard?: string | undefined;
  readonly detectZeroes?: string | undefined;
  readonly cache?: { readonly direct: boolean; readonly 'no-flush': boolean };
  readonly readOnly?: boolean;
}

function backing(below: readonly DiskFile[], name: string): object {
  const [top, ...rest] = below;
  if (!top) return {};
  return {
    backing: {
      driver: top.format,
      'node-name': `${name}-${rest.length}`,
      'read-only': true,
      file: { driver: 'file', filename: top.file, 'read-only': true },
      ...backing(rest, name),
    },
  };
}

/** The same for qemu-img, which takes a tree as `json:`. */
export function imageName(chain: Chain): string {
  const strip = (node: Record<string, unknown>): Record<string, unknown> => {
    const { 'node-name': _name, 'read-only': _only, file, backing: below, ...rest } = node;
    const { 'read-only': _fileOnly, ...plain } = file as Record<string, unknown>;
    return { ...rest, file: plain, ...(below !== undefined && { backing: strip(below as Record<string, unknown>) }) };
  };
  return `json:${JSON.stringify(strip(blockNode(chain, 'disk', { readOnly: true })))}`;
}
