import type { Api } from '../api/api';
import type { Output } from '../api/calls';
import { isNotFound, reasonOf } from '../api/errors';
import type { ResourceContext } from '../../../extension/context';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { patience } from './waits';

/** How long a volume may take to be seen at its instance. */
const SEEN = 200_000;

/** The volumes of an instance, by device. Resolves when all of the devices have one. */
export function volumesOf(
  api: Api,
  id: string,
  devices: readonly string[],
  config: Pick<AmazonEbsConfig, 'awsPolling'>,
  ctx: ResourceContext,
): Promise<ReadonlyMap<string, string>> {
  return api.poller.until({
    kind: 'instance',
    id,
    what: `the volumes ${devices.join(', ')} of ${id}`,
    ...patience(config, 0, SEEN),
    signal: ctx.signal,
    done: ({ BlockDeviceMappings = [] }) => {
      const found = new Map(
        BlockDeviceMappings.flatMap(({ DeviceName, Ebs }) =>
          DeviceName !== undefined && Ebs?.VolumeId !== undefined ? [[DeviceName, Ebs.VolumeId] as const] : [],
        ),
      );
      return devices.every((device) => found.has(device)) ? found : undefined;
    },
  });
}

/** Resolves when a volume belongs to nothing. */
export async function untilFree(
  api: Api,
  id: string,
  config: Pick<AmazonEbsConfig, 'awsPolling'>,
  signal: AbortSignal,
): Promise<void> {
  await api.poller.until({
    kind: 'volume',
    id,
    what: `the volume ${id} to be free`,
    ...patience(config, 0, SEEN),
    signal,
    done: ({ State }) => (State === 'available' ? true : undefined),
  });
}

/** Takes a volume from its instance; resolves when it belongs to nothing, also where it did so before. */
export async function detach(
  api: Api,
  VolumeId: string,
  InstanceId: string,
  config: Pick<AmazonEbsConfig, 'awsPolling'>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await api.call('ec2:DetachVolume', { VolumeId, InstanceId }, signal);
  } catch (error) {
    if (isNotFound(error)) return;
    // What AWS says where it belongs to nothing.
    if (reasonOf(error) !== 'IncorrectState') throw error;
  }
  await untilFree(api, VolumeId, config, signal);
}

/** How a volume is attached to an instance; undefined where it is not. */
export async function attachmentOf(
  api: Api,
  volume: string,
  instance: string,
  signal?: AbortSignal,
): Promise<Output<'ec2:AttachVolume'> | undefined> {
  const { Volumes = [] } = await api.call('ec2:DescribeVolumes', { VolumeIds: [volume] }, signal);
  const found = Volumes[0]?.Attachments?.find(({ InstanceId }) => InstanceId === instance);
  return found && { ...found, $metadata: {} };
}

/** Resolves when a volume is attached. */
export async function untilAttached(
  api: Api,
  id: string,
  config: Pick<AmazonEbsConfig, 'awsPolling'>,
  signal: AbortSignal,
): Promise<void> {
  await api.poller.until({
    kind: 'volume',
    id,
    what: `the volume ${id} to be attached`,
    ...patience(config, 0, SEEN),
    signal,
    done: ({ Attachments = [] }) => (Attachments.some(({ State }) => State === 'attached') ? true : undefined),
  });
}
