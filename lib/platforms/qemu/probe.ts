import type { RunContext } from '../../extension/context';
import type { PlatformProbe } from '../../extension/platform';
import { findCommand } from '../../util/which';

/** Whether virtual machines can be run on this machine, and how fast. */
export async function probe(ctx: RunContext): Promise<PlatformProbe> {
  const path = ctx.env['PATH'];
  const emulator = await findCommand('qemu-system-x86_64', path);
  const missing = [
    emulator === undefined && 'qemu-system-x86',
    !(await findCommand('qemu-img', path)) && 'qemu-utils',
  ].filter((name) => name !== false);
  if (emulator === undefined || missing.length > 0) {
    return {
      ok: false,
      detail: 'QEMU is not installed',
      fix: `install ${missing.join(' and ')} with the system's package manager`,
    };
  }
  const { nativeAccelerator, probeAccelerator } =
    require('./machine/accelerator') as typeof import('./machine/accelerator');
  const native = nativeAccelerator();
  if (native === undefined) return { ok: true, detail: 'in software (tcg), since this system has no accelerator' };
  const { works, why } = await probeAccelerator(emulator, native, ctx);
  return { ok: true, detail: works ? `with ${native}` : `in software (tcg), since ${native} does not work: ${why}` };
}
