import type { Construct } from 'constructs';
import { z } from 'zod';
import { PostProcessor, type PostProcessorProps } from '../../core/post-processor';
import { GoldsmithError } from '../../errors';
import type { PostProcessorExtension } from '../../extension/post-processor';
import { props, text, type PropsSchema, type Rule } from '../../extension/props';
import { problemWithName, tryReference } from '../../oci/reference';
import type { Text } from '../../plan/late';

/** What tagging needs. */
export interface DockerTagConfigProps {
  /** Repository, with the registry's host where it is not Docker Hub: `registry.acme.test/web`. */
  readonly repository: Text;
  /**
   * Tags within the repository, such as `1.4`.
   * @default ['latest']
   */
  readonly tags?: readonly Text[];
}

/** Props of {@link DockerTagPostProcessor}. */
export interface DockerTagPostProcessorProps extends DockerTagConfigProps, PostProcessorProps {}

/** Rule: `repository` has no tag of its own. */
export const repositoryRule: Rule = ({ repository }) => {
  if (typeof repository !== 'string') return undefined;
  const problem = problemWithName(repository);
  if (problem !== undefined) return `\`repository\`: ${problem}`;
  return tryReference(repository)?.tag === undefined
    ? undefined
    : `\`repository\` is ${JSON.stringify(repository)}: its tag belongs into \`tags\``;
};

const schema = props<DockerTagConfigProps>()(
  { repository: text(), tags: z.array(text()).min(1).optional() },
  repositoryRule,
);

/** The config of a tag, resolved. */
export type DockerTagConfig = typeof schema extends PropsSchema<DockerTagConfigProps, infer Out> ? Out : never;

/**
 * Gives an image of a Docker Engine further names. The artifact is the image under the last of them.
 *
 * @example
 * new DockerTagPostProcessor(web, 'Tag', { repository: 'registry.acme.test/web', tags: ['1.4', 'latest'] });
 */
export class DockerTagPostProcessor extends PostProcessor<DockerTagPostProcessorProps> {
  constructor(scope: Construct, id: string, props: DockerTagPostProcessorProps) {
    super(scope, id, props, dockerTag);
  }
}

/** The post-processor `docker-tag`, as the engine finds it. */
export const dockerTag: PostProcessorExtension<DockerTagConfigProps, DockerTagConfig> = {
  kind: 'post-processor',
  use: 'docker-tag',
  module: 'goldsmith/docker',
  schema,
  accepts: ['docker-image'],
  produces: 'docker-image',
  keepInput: { default: true, forced: true },
  run: (config, inputs, ctx) => runner().runTag(config, inputs[0]!, ctx),
  exists: (resource, ctx) => runner().tagExists(resource, ctx),
  destroy: (resource, ctx) => runner().removeTag(resource, ctx),
};

/** Names that a list of tags makes, checked. */
export function fullNames(repository: string, tags: readonly string[] = ['latest']): string[] {
  const names = tags.map((tag) => `${repository}:${tag}`);
  const problem = names.map(problemWithName).find((text) => text !== undefined);
  if (problem !== undefined) throw new GoldsmithError('INVALID_PROPS', problem);
  return names;
}

function runner() {
  return require('./tag-run') as typeof import('./tag-run');
}
