import type { Body, Call } from './call';
import { AwsError } from './errors';
import type { Params } from './protocol/params';
import type { Answer } from './protocol/xml';
import type { Entity } from './types';
import type { World } from './world';
import { filtered, paged } from './filters';

/** Most tags that a thing may have: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions */
const MOST = 50;

/** Tags that a request puts on things of a type as they are made. */
export function tagsFor(params: Params, type: string): Map<string, string> {
  const tags = new Map<string, string>();
  for (const specification of params.structs('TagSpecification')) {
    if (specification.text('ResourceType') === type) put(tags, specification.structs('Tag'));
  }
  return tags;
}

/** Tag specifications must be of types that the action makes. */
export function checkTagTypes(params: Params, types: readonly string[]): void {
  for (const specification of params.structs('TagSpecification')) {
    const type = specification.need('ResourceType');
    if (!types.includes(type)) {
      throw new AwsError(
        'InvalidParameterValue',
        `'${type}' is not a valid taggable resource type for this operation.`,
      );
    }
  }
}

/** The tags of a thing as answers have them. */
export function tagSet(tags: ReadonlyMap<string, string>): Answer {
  return [...tags].map(([key, value]) => ({ key, value }));
}

/** The type of a thing in calls about tags. */
const TYPES: Readonly<Record<string, string>> = {
  ami: 'image',
  i: 'instance',
  vol: 'volume',
  snap: 'snapshot',
  key: 'key-pair',
  sg: 'security-group',
  vpc: 'vpc',
  subnet: 'subnet',
  lt: 'launch-template',
  sir: 'spot-instances-request',
};

/** CreateTags: all of it, or, where one id is of nothing, none. */
export function createTags(call: Call): Body {
  const { params } = call;
  const things = thingsOf(call);
  const given = params.structs('Tag');
  if (given.length === 0) throw new AwsError('MissingParameter', 'The request must contain the parameter tagSet');
  for (const { tags } of things) put(new Map(tags), given);
  for (const { tags } of things) put(tags, given);
  return { return: true };
}

/** DeleteTags: a tag that is given with a value goes only where it has that. */
export function deleteTags(call: Call): Body {
  for (const { tags } of thingsOf(call)) {
    for (const tag of call.params.structs('Tag')) {
      const key = tag.need('Key');
      if (!tag.has('Value') || tags.get(key) === tag.text('Value')) tags.delete(key);
    }
  }
  return { return: true };
}

/** DescribeTags. */
export function describeTags(call: Call): Body {
  const rows = Object.keys(TYPES).flatMap((prefix) =>
    tableOf(call.world, prefix)
      .of(call)
      .flatMap(({ id, tags }) =>
        [...tags].map(([key, value]) => ({ id, key, value, type: TYPES[prefix]!, tags: new Map([[key, value]]) })),
      ),
  );
  const found = filtered(call, rows, {
    key: ({ key }) => key,
    value: ({ value }) => value,
    'resource-id': ({ id }) => id,
    'resource-type': ({ type }) => type,
  });
  const { page, nextToken } = paged(call, found);
  return {
    tagSet: page.map(({ id, key, value, type }) => ({ resourceId: id, resourceType: type, key, value })),
    nextToken,
  };
}

function put(tags: Map<string, string>, given: readonly Params[]): void {
  for (const tag of given) {
    const key = tag.need('Key');
    if (key.startsWith('aws:')) {
      throw new AwsError('InvalidParameterValue', `Tag keys starting with 'aws:' are reserved for internal use`);
    }
    const value = tag.text('Value') ?? '';
    if (key.length > 127)
      throw new AwsError('InvalidParameterValue', `Tag key exceeds the maximum length of 127 characters`);
    if (value.length > 255)
      throw new AwsError('InvalidParameterValue', `Tag value exceeds the maximum length of 255 characters`);
    tags.set(key, value);
  }
  if (tags.size > MOST)
    throw new AwsError('TagLimitExceeded', `The maximum number of Tags for a resource has been reached.`);
}

function thingsOf(call: Call): readonly Entity[] {
  const ids = call.params.list('ResourceId');
  if (ids.length === 0) throw new AwsError('MissingParameter', 'The request must contain the parameter resourceIdSet');
  return ids.map((id) => {
    const prefix = id.slice(0, id.lastIndexOf('-'));
    if (!Object.hasOwn(TYPES, prefix)) throw new AwsError('InvalidID', `The ID '${id}' is not valid`);
    return tableOf(call.world, prefix).get(call, id);
  });
}

function tableOf(
  world: World,
  prefix: string,
): { of(call: Call): readonly Entity[]; get(call: Call, id: string): Entity } {
  const tables = {
    ami: world.images,
    i: world.instances,
    vol: world.volumes,
    snap: world.snapshots,
    key: world.keyPairs,
    sg: world.groups,
    vpc: world.vpcs,
    subnet: world.subnets,
    lt: world.templates,
    sir: world.spotRequests,
  };
  return tables[prefix as keyof typeof tables];
}
