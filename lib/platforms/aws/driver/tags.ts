import type { ResourceType, Tag, TagSpecification } from '@aws-sdk/client-ec2';
import type { ResourceContext } from '../../../extension/context';

/** Tag with the token of what was created: by it a creation whose answer was lost is found again. */
export const TOKEN = 'dev.goldsmith.token';
/** Tag with the run that created it. */
export const RUN = 'dev.goldsmith.run';
/** Tags with the app and the node that it was created for. */
export const APP = 'dev.goldsmith.app';
export const NODE = 'dev.goldsmith.node';
/** Tag of what belongs to an image that is finished: no leftover, though it has a run's tag. */
export const STATE = 'dev.goldsmith.state';
/** Its value. */
export const PUBLISHED = 'published';

type Tags = Readonly<Record<string, string>>;

/** Tags as AWS takes them; values have at most 256 characters. */
export function asTags(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, value]) => ({ Key, Value: value.slice(0, 256) }));
}

/** Whose it is and of which creation, with the user's tags. */
export function ownTags(ctx: Pick<ResourceContext, 'labels' | 'node'>, token: string, tags: Tags = {}): Tag[] {
  return asTags({ Name: `goldsmith ${ctx.node.id}`, ...tags, ...ctx.labels, [TOKEN]: token });
}

/** The same tags for several types of resources. */
export function specify(tags: Tag[], ...types: ResourceType[]): TagSpecification[] {
  return types.map((ResourceType) => ({ ResourceType, Tags: tags }));
}

/** Filter for what one creation made. */
export function byToken(token: string): { Name: string; Values: string[] } {
  return { Name: `tag:${TOKEN}`, Values: [token] };
}

/** The value of a tag. */
export function tagOf(tags: readonly Tag[] | undefined, key: string): string | undefined {
  return tags?.find(({ Key }) => Key === key)?.Value;
}
