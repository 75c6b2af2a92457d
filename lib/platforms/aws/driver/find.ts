import type { Tag } from '@aws-sdk/client-ec2';
import type { ResourceRecord } from '../../../extension/artifact';
import type { RunContext } from '../../../extension/context';
import { asLocator } from '../api/access';
import type { Api } from '../api/api';
import type { Apis } from './apis';
import { PUBLISHED, RUN, STATE, tagOf, TOKEN } from './tags';

/** Everything of a run in one region, in the order in which it can be deleted. What belongs to a finished image is left out. */
export async function findIn(api: Api, run: string, { signal }: RunContext): Promise<ResourceRecord[]> {
  const Filters = [{ Name: `tag:${RUN}`, Values: [run] }];
  const living = { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] };
  const [instances, images, snapshots, keys, groups, volumes] = await Promise.all([
    api.call('ec2:DescribeInstances', { Filters: [...Filters, living] }, signal),
    api.call('ec2:DescribeImages', { Owners: ['self'], Filters }, signal),
    api.call('ec2:DescribeSnapshots', { OwnerIds: ['self'], Filters }, signal),
    api.call('ec2:DescribeKeyPairs', { Filters }, signal),
    api.call('ec2:DescribeSecurityGroups', { Filters }, signal),
    api.call('ec2:DescribeVolumes', { Filters }, signal),
  ]);
  const found: ResourceRecord[] = [];
  const add = (kind: string, id: string | undefined, tags: readonly Tag[] | undefined): void => {
    const token = tagOf(tags, TOKEN);
    if (token === undefined || id === undefined || tagOf(tags, STATE) === PUBLISHED) return;
    found.push({ kind: `amazon-ebs:${kind}`, id, token, locator: asLocator(api.place) });
  };
  for (const { Instances = [] } of instances.Reservations ?? []) {
    for (const { InstanceId, Tags } of Instances) add('instance', InstanceId, Tags);
  }
  for (const { ImageId, Tags } of images.Images ?? []) add('image', ImageId, Tags);
  const known = new Set(found.map(({ token }) => token));
  // Of images that never came to be, or of which only these are left: they are deleted by the token.
  for (const { Tags } of snapshots.Snapshots ?? []) {
    const token = tagOf(Tags, TOKEN);
    if (token === undefined || known.has(token) || tagOf(Tags, STATE) === PUBLISHED) continue;
    known.add(token);
    found.push({ kind: 'amazon-ebs:image', token, locator: asLocator(api.place) });
  }
  // Those of instances that are deleted before go with them.
  for (const { VolumeId, Tags } of volumes.Volumes ?? []) add('volume', VolumeId, Tags);
  for (const { KeyPairId, Tags } of keys.KeyPairs ?? []) add('key-pair', KeyPairId, Tags);
  for (const { GroupId, Tags } of groups.SecurityGroups ?? []) add('security-group', GroupId, Tags);
  return found;
}

/** Where regions are asked for when nothing says where: docs.aws.amazon.com/general/latest/gr/ec2-service.html. */
const FIRST_REGION = 'us-east-1';

/** Everything of a run in all regions of the account that the environment's credentials are for. */
export async function findEverywhere(apis: Apis, run: string, ctx: RunContext): Promise<readonly ResourceRecord[]> {
  const { env } = ctx;
  const first = env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? FIRST_REGION;
  const regions = await regionsOf(await apis.inRegion(first, ctx), ctx.signal);
  const found = await Promise.all(regions.map(async (region) => findIn(await apis.inRegion(region, ctx), run, ctx)));
  return found.flat();
}

/** Names of the regions that the account has. */
export async function regionsOf(api: Api, signal: AbortSignal): Promise<readonly string[]> {
  const { Regions = [] } = await api.call('ec2:DescribeRegions', {}, signal);
  return Regions.map(({ RegionName }) => RegionName!);
}
