import type { RunContext } from '../../../extension/context';
import { needTool, runTool } from '../../../host/tool';
import { inspect, type DiskInfo } from '../../../host/qemu-img';
import { explainTool } from '../../../util/tool-failed';
import type { DiskFile } from '../machine/layout';
import { QEMU_FORMATS, type QemuFormat } from '../props/capture-props';

/** Looks into a disk that a machine starts from. */
export function inspectDisk(
  file: string,
  format: QemuFormat | undefined,
  ctx: RunContext,
): Promise<DiskInfo<QemuFormat>> {
  return inspect(file, { format, formats: QEMU_FORMATS, code: 'LAUNCH_FAILED' }, ctx);
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

/** Bytes of a size such as `20G`; a number alone is bytes, as for qemu-img. */
export function bytesOf(size: string): number {
  const [, count = '0', unit = 'b'] = /^([\d.]+)([a-zA-Z]?)$/.exec(size) ?? [];
  return Math.round(Number(count) * 1024 ** Math.max(0, 'bkmgt'.indexOf(unit.toLowerCase() || 'b')));
}
