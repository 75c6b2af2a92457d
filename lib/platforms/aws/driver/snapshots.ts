import { GoldsmithError } from '../../../errors';
import type { ResourceRecord } from '../../../extension/artifact';
import type { ResourceContext } from '../../../extension/context';
import { asLocator } from '../api/access';
import type { Api } from '../api/api';
import type { AmazonEbsConfig } from '../props/amazon-ebs-props';
import { removeSnapshot } from './remove-image';
import { byToken, ownTags, specify } from './tags';
import { timeout } from './waits';

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
  const resource = await ctx.acquire('amazon-ebs:snapshot', asLocator(api.place, { volume }), (token) =>
    create(api, token, {
      VolumeId: volume,
      ...(description !== undefined && { Description: description }),
      TagSpecifications: specify(ownTags(ctx, token, tags), 'snapshot'),
    }),
  );
  const id = resource.id!;
  ctx.say(`making the snapshot ${id} of ${device} (${volume})`);
  await untilCompleted(api, id, device, config, ctx);
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
    ...timeout(config, COMPLETED),
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
): Promise<string> {
  let again = false;
  const made = async (): Promise<string[]> => {
    const asked = { OwnerIds: ['self'], Filters: [byToken(token)] };
    const { Snapshots = [] } = await api.call('ec2:DescribeSnapshots', asked);
    return Snapshots.map(({ SnapshotId }) => SnapshotId!);
  };
  const { SnapshotId } = await api.call('ec2:CreateSnapshot', request, undefined, async () => {
    again = true;
    const [first] = await made();
    return first === undefined ? undefined : { SnapshotId: first, $metadata: {} };
  });
  // One that was not seen yet when it was looked for.
  const signal = new AbortController().signal;
  if (again) for (const id of await made()) if (id !== SnapshotId) await removeSnapshot(api, id, signal);
  return SnapshotId!;
}
