import type { VagrantConfig } from '../vagrant';
import type { MachineDisks } from '../disks';
import type { Hardware, VagrantProvider } from './hardware';

/** What is said for a provider, or for all. */
export type BoxSettings = Pick<
  VagrantConfig,
  'output' | 'compressionLevel' | 'include' | 'vagrantfileTemplate' | 'vagrantfile' | 'hardware'
>;

/** What counts for a provider. */
export function settingsFor(config: VagrantConfig, provider: VagrantProvider): BoxSettings {
  const own = config.overrides?.[provider] ?? {};
  const { vagrantfile, vagrantfileTemplate } = own;
  const isOwn = vagrantfile !== undefined || vagrantfileTemplate !== undefined;
  return {
    ...config,
    // A text of its own takes the place of a file for all, and the other way round.
    ...(isOwn && { vagrantfile: undefined, vagrantfileTemplate: undefined }),
    ...own,
    hardware: { ...config.hardware, ...own.hardware },
  };
}

/** The machine around the disks. */
export function hardwareOf(given: BoxSettings['hardware'], { efivars }: MachineDisks, config: VagrantConfig): Hardware {
  const { firmware = efivars === undefined ? 'bios' : 'uefi', os = 'linux', ...rest } = given ?? {};
  return { ...rest, firmware, os, architecture: architectureOf(config) };
}

/** Go's names of what Node calls otherwise: those that Packer and Vagrant use. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: 'i386' };

/** The architecture that boxes are for. */
export function architectureOf({ architecture }: VagrantConfig): string {
  return architecture ?? ARCHITECTURES[process.arch] ?? process.arch;
}
