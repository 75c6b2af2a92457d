import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError, type ErrorCode } from '../errors';
import type { RunContext } from '../extension/context';
import { explainTool } from '../util/tool-failed';
import { DISK_FORMATS, type DiskFormat } from './disk-format';
import { needTool, runTool } from './tool';

/** What qemu-img says of a disk. */
export interface DiskInfo<F extends DiskFormat = DiskFormat> {
  readonly format: F;
  /** Bytes that the guest sees. */
  readonly size: number;
}

/** Options of {@link inspect}. */
export interface InspectOptions<F extends DiskFormat> {
  /** The format, where it is known: a raw disk could look like another, by what its guest wrote. */
  readonly format?: F | undefined;
  /** Formats that are taken. @default - all */
  readonly formats?: readonly F[];
  /** Code of the error, where it cannot be read. */
  readonly code: ErrorCode;
}

/** Looks into a disk image. One that is not whole in itself is refused: its checksum would not cover the rest. */
export async function inspect<F extends DiskFormat = DiskFormat>(
  file: string,
  { format, formats = DISK_FORMATS as readonly F[], code }: InspectOptions<F>,
  ctx: RunContext,
): Promise<DiskInfo<F>> {
  const tool = await needTool('qemu-img', 'to read disk images', ctx);
  const name = path.basename(file);
  const args = ['info', '--output=json', '-U', ...(format === undefined ? [] : ['-f', format]), '--', file];
  const text = await runTool(tool, args, ctx).catch((error: unknown) => {
    throw explainTool(error, code, `reading ${name}`);
  });
  const info = JSON.parse(text) as Record<string, unknown>;
  const elsewhere = info['backing-filename'] ?? dataFileOf(info);
  if (elsewhere !== undefined) {
    throw new GoldsmithError(code, `${name} is no whole disk: part of it is in ${String(elsewhere)}`, {
      hint: `make it whole: qemu-img convert -O qcow2 ${name} whole.qcow2`,
    });
  }
  const found = formats.find((one) => one === info['format']);
  if (found === undefined) {
    throw new GoldsmithError(
      code,
      `${name} is of the format \`${String(info['format'])}\`; known are ${formats.join(', ')}`,
    );
  }
  return { format: found, size: Number(info['virtual-size']) };
}

/** A qcow2 may keep all of its content in another file. */
function dataFileOf(info: Record<string, unknown>): unknown {
  const specific = info['format-specific'] as { readonly data?: Record<string, unknown> } | undefined;
  return specific?.data?.['data-file'];
}

/** How {@link convertDisk} writes. */
export interface ConvertHow {
  readonly format: DiskFormat;
  /** More arguments of `qemu-img convert`. */
  readonly args: readonly string[];
  /** What is shown beside the progress. */
  readonly label: string;
  /** Code of the error, where it fails. */
  readonly code: ErrorCode;
}

/** Writes a whole disk from another, with progress. `from` is a path or what else qemu-img takes for one. */
export async function convertDisk(
  from: string,
  target: string,
  { format, args, label, code }: ConvertHow,
  ctx: RunContext,
): Promise<void> {
  const tool = await needTool('qemu-img', 'to write disks', ctx);
  let text = '';
  await runTool(tool, ['convert', '-p', '-O', format, '-m', '8', ...args, '--', from, target], ctx, (part) => {
    text = (text + part).slice(-64);
    const percent = [...text.matchAll(/\(([\d.]+)\/100%\)/g)].pop()?.[1];
    if (percent !== undefined) ctx.progress({ label, current: Math.round(Number(percent)), total: 100, unit: 'items' });
  }).catch((error: unknown) => {
    throw explainTool(error, code, `writing ${label}`);
  });
  // qemu-img makes it for this user alone; it is a file as any other.
  await fs.chmod(target, 0o644);
}
