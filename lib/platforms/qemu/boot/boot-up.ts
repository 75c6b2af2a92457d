import type { ResourceContext } from '../../../extension/context';
import type { VirtualMachine } from '../machine/machine';
import type { Note } from '../machine/note';
import type { QemuConfig } from '../props/qemu-props';

export async function bootUp(
  _machine: VirtualMachine,
  _config: QemuConfig,
  _note: Note,
  _ctx: ResourceContext,
): Promise<void> {
  await Promise.resolve();
}
