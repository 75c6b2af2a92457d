import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { GoldsmithError } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import { readIfThere, writeAtomically } from '../../../util/atomic';
import { ownIdentity } from '../../../util/identity';
import { runProcess } from '../../../util/spawn';
import { withinTime } from '../../../util/within-time';
import { needTool, runTool } from '../../../host/tool';
import type { QemuConfig } from '../props/qemu-props';
import { isX86, type Accelerator } from './arguments';

/** The emulator that a build uses. */
export interface Emulator {
  readonly file: string;
  /** What it says of itself: a memory that was saved is good only for the same. */
  readonly version: string;
  readonly accelerator: Accelerator;
}

/** The accelerator of each system. */
const NATIVE: Partial<Record<NodeJS.Platform, Accelerator>> = { linux: 'kvm', darwin: 'hvf', win32: 'whpx' };
/** The accelerator that comes with this system, whether or not it works. */
export function nativeAccelerator(): Accelerator | undefined {
  return NATIVE[process.platform];
}

/** How long the probe may take in milliseconds: where the accelerator works, it is done in a fraction of a second. */
const PATIENCE = 4000;
/** What the probe ends QEMU with: isa-debug-exit makes 2n+1 of the n that is written to it. */
const DONE = 33;

/**
 * A boot sector that writes 16 to port 0xf4 and halts: `mov al,16; mov dx,0xf4; out dx,al; cli; hlt`. To come to it, the BIOS has
 * run from beginning to end.
 */
const PROBE = Buffer.concat([Buffer.from('b010baf400eefaf4', 'hex'), Buffer.alloc(502), Buffer.from('55aa', 'hex')]);

/** Finds the emulator, and the accelerator that works. */
export async function findEmulator(config: QemuConfig, folder: string, ctx: RunContext): Promise<Emulator> {
  const file = await needTool(config.qemuBinary ?? 'qemu-system-x86_64', 'to run virtual machines', ctx);
  const version = (await runTool(file, ['--version'], ctx)).split('\n')[0]!.trim();
  const wanted = config.accelerator ?? 'auto';
  if (wanted !== 'auto') return { file, version, accelerator: wanted };
  const native = nativeAccelerator();
  const works = native !== undefined && isX86(config) && (await remembered(file, version, native, folder, ctx));
  return { file, version, accelerator: works ? native : 'tcg' };
}

/** Asks only once after each boot of this machine: the answer can change with its kernel. */
async function remembered(
  file: string,
  version: string,
  accelerator: Accelerator,
  folder: string,
  ctx: RunContext,
): Promise<boolean> {
  const note = path.join(folder, `accelerator-${accelerator}.json`);
  const { boot = '' } = ownIdentity();
  const key = [file, version, boot].join('\n');
  const known = JSON.parse((await readIfThere(note)) ?? '{}') as { key?: string; works?: boolean };
  if (known.key === key && known.works !== undefined) return known.works;
  const { works } = await probeAccelerator(file, accelerator, ctx);
  await writeAtomically(note, JSON.stringify({ key, works }));
  return works;
}

/** Boots something tiny: a device node may be there, and a guest hang under it all the same. */
export async function probeAccelerator(
  file: string,
  accelerator: Accelerator,
  ctx: RunContext,
): Promise<{ readonly works: boolean; readonly why: string }> {
  await fs.mkdir(ctx.tempDir, { recursive: true });
  const dir = await fs.mkdtemp(path.join(ctx.tempDir, 'probe-'));
  const disk = path.join(dir, 'probe.img');
  await fs.writeFile(disk, PROBE);
  const late = new GoldsmithError('STEP_TIMEOUT', 'the probe did not end');
  let complaint = '';
  try {
    const options = ['-nodefaults', '-no-user-config', '-machine', 'pc', '-accel', accelerator, '-m', '32'];
    const devices = ['-display', 'none', '-device', 'isa-debug-exit,iobase=0xf4,iosize=4'];
    const drive = ['-drive', `if=ide,format=raw,file=${disk.replaceAll(',', ',,')}`];
    const end = await withinTime(
      ctx.clock,
      PATIENCE,
      ctx.signal,
      () => late,
      (signal) =>
        runProcess(file, [...options, ...devices, ...drive], {
          env: ctx.env,
          signal,
          clock: ctx.clock,
          onOutput: (text) => (complaint += text),
        }),
    );
    const works = 'code' in end && end.code === DONE;
    return { works, why: works ? 'a guest boots under it' : complaint.trim() || 'the emulator ended early' };
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (error !== late) throw error;
    return { works: false, why: `a guest hangs under it: nothing came of a boot sector in ${PATIENCE / 1000} s` };
  } finally {
    await fs.rm(dir, { recursive: true, force: true });
  }
}
