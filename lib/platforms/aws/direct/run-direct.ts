import type { Problem } from '../../../errors';
import { GoldsmithError } from '../../../errors';
import type { Artifact } from '../../../extension/artifact';
import type { ProcessContext, RunContext } from '../../../extension/context';
import { failed } from '../api/errors';
import { asMapping } from '../driver/devices';
import { registerImage } from '../driver/register';
import type { AmazonEbsDirectConfig } from '../props/amazon-ebs-direct-props';
import { diskAs } from './local-disk';
import { preflightImage, takeName } from './preflight-image';
import { publishImage } from './publish-image';
import { withApis } from './resources';
import { snapshotOfDisk } from './snapshot-of-disk';

const USE = 'amazon-ebs-direct';
const ROOT = '/dev/xvda';

/** Everything that can be known to be wrong before anything is built. */
export function preflightDirect(config: AmazonEbsDirectConfig, ctx: RunContext): Promise<readonly Problem[]> {
  return preflightImage(config, ctx);
}

/** Sends a disk into a snapshot, registers that as an image, and distributes it. */
export async function runDirect(
  config: AmazonEbsDirectConfig,
  inputs: readonly Artifact[],
  ctx: ProcessContext,
): Promise<Artifact> {
  const disk = await diskAs('raw', inputs, USE, config.inputFormat, ctx);
  try {
    return await withApis(ctx, async (apis) => {
      const api = await apis.of(config, ctx);
      // First what needs no upload.
      const name = await takeName(api, config, ctx);
      const snapshot = await snapshotOfDisk(api, disk, config, ctx);
      const devices = devicesOf(config, snapshot.id!);
      const registering: ProcessContext = {
        ...ctx,
        acquire: (_kind, locator, create) => ctx.acquire(`${USE}:registration`, locator, create),
      };
      const root = config.rootDeviceName ?? ROOT;
      const image = await registerImage(api, name, root, devices, { ...config, ...NO_RUN }, registering);
      ctx.say(`registered ${image.id!} in ${api.region} as ${name}`);
      return publishImage(apis, api, USE, { resources: [image, snapshot], name }, { ...config, ...NO_RUN }, ctx);
    });
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw GoldsmithError.is(error) ? failed('PROCESS_FAILED', 'the disk could not be made an image', error) : error;
  } finally {
    await disk.done();
  }
}

/** What builds on an instance have, and this has not. */
const NO_RUN = { runTags: undefined, skipAmiRunTags: undefined, skipSaveBuildRegion: undefined };

function devicesOf(config: AmazonEbsDirectConfig, snapshotId: string): ReturnType<typeof asMapping>[] {
  const {
    rootDeviceName = ROOT,
    volumeType = 'gp3',
    volumeSize,
    iops,
    throughput,
    amiBlockDeviceMappings = [],
  } = config;
  const root = {
    deviceName: rootDeviceName,
    volumeType,
    snapshotId,
    volumeSize,
    iops,
    throughput,
    deleteOnTermination: true,
  };
  return [asMapping(root), ...amiBlockDeviceMappings.map((device) => asMapping(device))];
}
