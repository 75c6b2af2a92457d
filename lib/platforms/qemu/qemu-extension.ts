import type { RunContext } from '../../extension/context';
import type { PlatformDriver, PlatformExtension } from '../../extension/platform';
import { outputFor } from './capture/output-name';
import { qemuSchema, type QemuConfig, type QemuConfigProps } from './props/qemu-props';

/** QEMU, as the engine finds it. */
export const qemu: PlatformExtension<QemuConfigProps, QemuConfig> = {
  kind: 'platform',
  use: 'qemu',
  module: 'goldsmith/qemu',
  schema: qemuSchema,
  captureProps: [
    'shutdownCommand',
    'generalize',
    'format',
    'diskCompression',
    'skipCompaction',
    'qemuImgArgs',
    'efiDropEfivars',
  ],
  passiveProps: [
    // What they hold is told by its checksum, which is what the build starts from.
    'image',
    'iso',
    'accelerator',
    'qemuBinary',
    'headless',
    'display',
    'vncBindAddress',
    'vncPortMin',
    'vncPortMax',
    'vncPassword',
    'diskCache',
    'shutdownTimeout',
    'bootTimeout',
    'httpBindAddress',
    'httpPortMin',
    'httpPortMax',
    'portForwards',
    'checkpoints',
  ],
  nameProps: ['output'],
  produces: () => 'qemu-disk',
  outputs: (config) => (config.output === undefined ? [] : [outputFor(config.output)]),
  probe: (ctx) => (require('./probe') as typeof import('./probe')).probe(ctx),
  load,
};

function load(ctx: RunContext): Promise<PlatformDriver<QemuConfig>> {
  const { QemuDriver } = require('./qemu-driver') as typeof import('./qemu-driver');
  return Promise.resolve(new QemuDriver(ctx.stateDir));
}
