import { GoldsmithError } from '../../../errors';
import type { ResourceRecord } from '../../../extension/artifact';
import type { ResourceContext } from '../../../extension/context';
import { asLocator } from '../api/access';
import type { Api } from '../api/api';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { removeSnapshot } from './remove-image';
import { byToken, ownTags, specify } from './tags';
import { patience, USUALLY } from './waits';

/** Packer waits 30 minutes; large volumes take longer. */
const COMPLETED = 3_600_000;

/** What a snapshot is made of. */
export interface Snapshotted {
  readonly volume: string;
  /** In words, such as `/dev/sdf`. */
  readonly device: string;
  readonly description?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** Makes a snapshot of a volume; resolves when it is complete. */
export async function snapshotVolume(
  api: Api,
  { volume, device, description, tags }: Snapshotted,
  config: Pick<AmazonEbsConfig, 'awsPolling'>,
  ctx: ResourceContext,
): Promise<ResourceRecord> {
  let isRepeated = false;
  const resource = await ctx.acquire('amazon-ebs:snapshot', asLocator(api.place, { volume }), (token) => {
    const request = {
      VolumeId: volume,
      ...(description !== undefined && { Description: description }),
      TagSpecifications: specify(ownTags(ctx, token, tags), 'snapshot'),
    };
    return create(api, token, request, () => (isRepeated = true));
  });
  const id = resource.id!;
  ctx.say(`making the snapshot ${id} of ${device} (${volume})`);
  await untilCompleted(api, id, device, config, ctx);
  // One that was made by a call without an answer, and not seen yet when it was looked for.
  for (const other of isRepeated ? await madeWith(api, resource.token) : []) {
    if (other !== id) await removeSnapshot(api, other, ctx.signal);
  }
  return resource;
}

/** Resolves when volumes can be made of a snapshot. */
export async function untilCompleted(
  api: Api,
  id: string,
  device: string,
  config: Pick<AmazonEbsConfig, 'awsPolling'>,
  ctx: ResourceContext,
): Promise<void> {
  await api.poller.until({
    kind: 'snapshot',
    id,
    what: `the snapshot ${id} of ${device}`,
    ...patience(config, USUALLY.snapshot, COMPLETED),
    signal: ctx.signal,
    done: ({ State, StateMessage }) => {
      if (State !== 'error') return State === 'completed' ? true : undefined;
      throw new GoldsmithError('CAPTURE_FAILED', `the snapshot ${id} failed: ${StateMessage ?? 'AWS gives no reason'}`);
    },
  });
}

/** The API has no token for this: what a call made whose answer was lost is known by its tag. */
async function create(
  api: Api,
  token: string,
  request: Parameters<typeof api.call<'ec2:CreateSnapshot'>>[1],
  again: () => void,
): Promise<string> {
  const { SnapshotId } = await api.call('ec2:CreateSnapshot', request, undefined, async () => {
    again();
    const [first] = await madeWith(api, token);
    return first === undefined ? undefined : { SnapshotId: first, $metadata: {} };
  });
  return SnapshotId!;
}

async function madeWith(api: Api, token: string): Promise<string[]> {
  const asked = { OwnerIds: ['self'], Filters: [byToken(token)] };
  const { Snapshots = [] } = await api.call('ec2:DescribeSnapshots', asked);
  return Snapshots.map(({ SnapshotId }) => SnapshotId!);
}
