import * as path from 'node:path';
import { GoldsmithError } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import { explainTool } from '../../../util/tool-failed';
import { needTool, runTool } from '../host/tool';
import { imageName, type Chain, type DiskFile } from '../machine/layout';
import type { QemuFormat } from '../props/capture-props';

const FORMATS: readonly string[] = ['qcow2', 'raw', 'vmdk', 'vpc', 'vhdx'];

/** What qemu-img says of a disk. */
export interface DiskInfo {
  readonly format: QemuFormat;
  /** Bytes that the guest sees. */
  readonly size: number;
}

/** Looks into a disk image. One that is not whole in itself is refused: its checksum would not cover the rest. */
export async function inspect(file: string, format: QemuFormat | undefined, ctx: RunContext): Promise<DiskInfo> {
  const tool = await needTool('qemu-img', 'to read disk images', ctx);
  const name = path.basename(file);
  const args = ['info', '--output=json', '-U', ...(format === undefined ? [] : ['-f', format]), '--', file];
  const text = await runTool(tool, args, ctx).catch((error: unknown) => {
    throw explainTool(error, 'LAUNCH_FAILED', `reading ${name}`);
  });
  const info = JSON.parse(text) as Record<string, unknown>;
  if (info['backing-filename'] !== undefined) {
    throw new GoldsmithError(
      'LAUNCH_FAILED',
      `${name} is no whole disk: it starts from ${String(info['backing-filename'])}`,
      {
        hint: `make it whole: qemu-img convert -O qcow2 ${name} whole.qcow2`,
      },
    );
  }
  const found = String(info['format']);
  if (!FORMATS.includes(found)) {
    throw new GoldsmithError('LAUNCH_FAILED', `${name} is of the format \`${found}\`; known are ${FORMATS.join(', ')}`);
  }
  return { format: found as QemuFormat, size: Number(info['virtual-size']) };
}

/** Makes an empty disk, or one that only takes what changes over another. `size` as qemu-img takes it. */
export async function createDisk(
  file: string,
  {
    size,
    over,
    extra = [],
  }: { readonly size: string; readonly over?: DiskFile | undefined; readonly extra?: readonly string[] },
  ctx: RunContext,
): Promise<void> {
  const tool = await needTool('qemu-img', 'to make disks', ctx);
  const backing = over ? ['-u', '-F', over.format, '-b', over.file] : [];
  await runTool(tool, ['create', '-q', '-f', 'qcow2', ...backing, ...extra, '--', file, size], ctx).catch(
    (error: unknown) => {
      throw explainTool(error, 'LAUNCH_FAILED', 'making a disk');
    },
  );
}

/** Writes a whole disk from a chain, with progress. */
export async function convertDisk(
  chain: Chain,
  target: string,
  how: { readonly format: QemuFormat; readonly compress: boolean; readonly extra: readonly string[] },
  label: string,
  ctx: RunContext,
): Promise<void> {
  const tool = await needTool('qemu-img', 'to write disks', ctx);
  const options = ['-p', '-O', how.format, ...(how.compress ? ['-c'] : []), '-m', '8', ...how.extra];
  let text = '';
  await runTool(tool, ['convert', ...options, '--', imageName(chain), target], ctx, (part) => {
    text = (text + part).slice(-64);
    const percent = [...text.matchAll(/\(([\d.]+)\/100%\)/g)].pop()?.[1];
    if (percent !== undefined) ctx.progress({ label, current: Math.round(Number(percent)), total: 100, unit: 'items' });
  }).catch((error: unknown) => {
    throw explainTool(error, 'CAPTURE_FAILED', `writing ${label}`);
  });
}

/** Bytes of a size such as `20G`; a number alone is bytes, as for qemu-img. */
export function bytesOf(size: string): number {
  const [, count = '0', unit = 'b'] = /^([\d.]+)([a-zA-Z]?)$/.exec(size) ?? [];
  return Math.round(Number(count) * 1024 ** Math.max(0, 'bkmgt'.indexOf(unit.toLowerCase() || 'b')));
}
