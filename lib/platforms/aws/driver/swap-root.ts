import type { ResourceContext } from '../../../extension/context';
import type { Machine } from '../../../extension/platform';
import type { Api } from '../api/api';
import type { AmazonEbsSurrogateConfig } from '../props/amazon-ebs-surrogate-props';
import { describeBase } from './base';
import { dataOf } from './launch';
import { untilAttached, untilFree, volumesOf } from './volumes';

/** Puts the volume that the steps have written in the place of the instance's root volume, which is deleted with the instance. */
export async function swapRoot(
  api: Api,
  machine: Machine,
  config: AmazonEbsSurrogateConfig,
  ctx: ResourceContext,
): Promise<void> {
  const { id, image } = dataOf(machine);
  const { sourceDeviceName } = config.amiRootDevice;
  const root = (await describeBase(api, image)).RootDeviceName!;
  const volumes = await volumesOf(api, id, [root, sourceDeviceName], config, ctx);
  const own = volumes.get(sourceDeviceName)!;
  for (const VolumeId of [volumes.get(root)!, own]) {
    await api.call('ec2:DetachVolume', { VolumeId, InstanceId: id }, ctx.signal);
    await untilFree(api, VolumeId, config, ctx.signal);
  }
  await api.call('ec2:AttachVolume', { VolumeId: own, InstanceId: id, Device: root }, ctx.signal);
  await untilAttached(api, own, config, ctx.signal);
  // A volume that was attached by hand outlives the instance, unless it is said otherwise.
  const BlockDeviceMappings = [{ DeviceName: root, Ebs: { DeleteOnTermination: true } }];
  await api.call('ec2:ModifyInstanceAttribute', { InstanceId: id, BlockDeviceMappings }, ctx.signal);
}
