import type { Tag } from '@aws-sdk/client-ec2';
import type { ResourceRecord } from '../../../extension/artifact';
import type { RunContext } from '../../../extension/context';
import type { Stray } from '../../../extension/platform';
import { asLocator } from '../api/access';
import type { Api } from '../api/api';
import { APP, NODE, PUBLISHED, RUN, STATE, tagOf, TOKEN } from './tags';

/** What is asked about each thing that was found. */
export interface Seen {
  readonly kind: string;
  readonly id: string | undefined;
  readonly tags: readonly Tag[] | undefined;
  readonly made: Date | string | undefined;
}

/**
 * Everything of a run, or of all of them, in one region, in the order in which it can be deleted. What belongs to a finished image is left
 * out.
 */
export async function findIn(api: Api, run: string | undefined, { signal }: RunContext): Promise<Stray[]> {
  const Filters = [run === undefined ? { Name: 'tag-key', Values: [RUN] } : { Name: `tag:${RUN}`, Values: [run] }];
  const living = { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] };
  const [instances, images, snapshots, keys, groups, templates] = await Promise.all([
    api.call('ec2:DescribeInstances', { Filters: [...Filters, living] }, signal),
    api.call('ec2:DescribeImages', { Owners: ['self'], Filters }, signal),
    api.call('ec2:DescribeSnapshots', { OwnerIds: ['self'], Filters }, signal),
    api.call('ec2:DescribeKeyPairs', { Filters }, signal),
    api.call('ec2:DescribeSecurityGroups', { Filters }, signal),
    api.call('ec2:DescribeLaunchTemplates', { Filters }, signal),
  ]);
  const found: Stray[] = [];
  const add = (seen: Seen): void => {
    const stray = strayOf(api, seen);
    if (stray) found.push(stray);
  };
  for (const { Instances = [] } of instances.Reservations ?? []) {
    for (const { InstanceId: id, Tags: tags, LaunchTime: made } of Instances) add({ kind: 'instance', id, tags, made });
  }
  for (const { ImageId: id, Tags: tags, CreationDate: made } of images.Images ?? [])
    add({ kind: 'image', id, tags, made });
  const known = new Set(found.map(({ resource }) => resource.token));
  // Of images that never came to be, or of which only these are left: they are deleted by the token.
  for (const { Tags: tags, StartTime: made } of snapshots.Snapshots ?? []) {
    const token = tagOf(tags, TOKEN);
    if (token === undefined || known.has(token)) continue;
    known.add(token);
    add({ kind: 'image', id: undefined, tags, made });
  }
  for (const { KeyPairId: id, Tags: tags, CreateTime: made } of keys.KeyPairs ?? [])
    add({ kind: 'key-pair', id, tags, made });
  for (const { GroupId: id, Tags: tags } of groups.SecurityGroups ?? [])
    add({ kind: 'security-group', id, tags, made: undefined });
  for (const { LaunchTemplateId: id, Tags: tags, CreateTime: made } of templates.LaunchTemplates ?? [])
    add({ kind: 'launch-template', id, tags, made });
  return found;
}

/** What tags say of a thing; undefined where it is not goldsmith's, or belongs to a finished image. */
export function strayOf(api: Api, { kind, id, tags, made }: Seen): Stray | undefined {
  const token = tagOf(tags, TOKEN);
  const run = tagOf(tags, RUN);
  if (token === undefined || run === undefined || tagOf(tags, STATE) === PUBLISHED) return undefined;
  const resource: ResourceRecord = {
    kind: `amazon-ebs:${kind}`,
    ...(id !== undefined && { id }),
    token,
    locator: asLocator(api.place),
  };
  return {
    run,
    app: tagOf(tags, APP) ?? '',
    node: tagOf(tags, NODE) ?? '',
    ...(made !== undefined && { createdAt: new Date(made).getTime() }),
    resource,
  };
}

/** Names of the regions that the account has. */
export async function regionsOf(api: Api, signal: AbortSignal): Promise<readonly string[]> {
  const { Regions = [] } = await api.call('ec2:DescribeRegions', {}, signal);
  return Regions.map(({ RegionName }) => RegionName!);
}
