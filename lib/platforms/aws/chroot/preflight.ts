import { GoldsmithError, type Problem } from '../../../errors';
import type { RunContext } from '../../../extension/context';
import type { LaunchFrom } from '../../../extension/platform';
import { findTool } from '../../../host/programs';
import type { Api } from '../api/api';
import { describeBase, imageIdOf } from '../driver/base';
import { preflight } from '../driver/preflight';
import type { AmazonChrootConfig } from '../props/amazon-chroot-props';
import { ownInstance } from './identity';
import { checkRegion } from './launch';

/** Everything that can be known to be wrong before anything is created; all of it at once. */
export function preflightHere(
  api: Api,
  config: AmazonChrootConfig,
  from: LaunchFrom | undefined,
  ctx: RunContext,
): Promise<readonly Problem[]> {
  return preflight(api, config, from, ctx, [
    () => checkMachine(config, ctx),
    async () => checkRegion(await ownInstance(ctx), api.region),
    async () => {
      if (config.fromScratch === true || !from) return;
      const image = await describeBase(api, imageIdOf(from, api.region));
      if (image.RootDeviceType !== 'instance-store') return;
      const text = `the image ${image.ImageId!} has no root volume of EBS, which amazon-chroot needs`;
      throw new GoldsmithError('BASE_MISMATCH', text);
    },
  ]);
}

function checkMachine({ commandWrapper }: AmazonChrootConfig, ctx: RunContext): Promise<void> {
  if (process.platform !== 'linux')
    throw new GoldsmithError('PLATFORM_UNAVAILABLE', `amazon-chroot needs Linux, and this is ${process.platform}`);
  const missing = ['mount', 'umount', 'chroot'].filter((name) => findTool(name, ctx.env) === undefined);
  if (missing.length > 0)
    throw new GoldsmithError('PLATFORM_UNAVAILABLE', `programs are missing: ${missing.join(', ')}`);
  if (process.getuid?.() !== 0 && commandWrapper === undefined) {
    throw new GoldsmithError('PLATFORM_UNAVAILABLE', 'mounting and chroot need root, and this process is not', {
      hint: "run it as root, or give `commandWrapper: 'sudo {{.Command}}'`",
    });
  }
  return Promise.resolve();
}
