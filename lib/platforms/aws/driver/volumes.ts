import type { Api } from '../api/api';
import type { ResourceContext } from '../../../extension/context';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { timeout } from './waits';

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
    ...timeout(config, SEEN),
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
    ...timeout(config, SEEN),
    signal,
    done: ({ State }) => (State === 'available' ? true : undefined),
  });
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
    ...timeout(config, SEEN),
    signal,
    done: ({ Attachments = [] }) => (Attachments.some(({ State }) => State === 'attached') ? true : undefined),
  });
}
