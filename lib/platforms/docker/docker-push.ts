import type { Construct } from 'constructs';
import { z } from 'zod';
import { PostProcessor, type PostProcessorProps } from '../../core/post-processor';
import type { PostProcessorExtension } from '../../extension/post-processor';
import { props, type PropsSchema } from '../../extension/props';
import { loginRule, loginShape } from './docker-extension';
import type { DockerLoginProps } from './docker-props';

/** What pushing needs beside the image. */
export interface DockerPushConfigProps extends DockerLoginProps {
  /**
   * Platform to push, where the engine has the image for several (its containerd image store), such as `linux/amd64`.
   * @default - what the engine has
   */
  readonly platform?: string;
}

/** Props of {@link DockerPushPostProcessor}. */
export interface DockerPushPostProcessorProps extends DockerPushConfigProps, PostProcessorProps {}

const schema = props<DockerPushConfigProps>()({ ...loginShape, platform: z.string().min(1).optional() }, loginRule);

/** The config of a push, resolved. */
export type DockerPushConfig = typeof schema extends PropsSchema<DockerPushConfigProps, infer Out> ? Out : never;

/**
 * Pushes an image of a Docker Engine to the registries that its names say. It has them from `tags` of the source, or
 * from `docker-tag` or `docker-import` before it in a chain.
 *
 * @example
 * const release = new PostProcessorChain(web, 'Release');
 * new DockerTagPostProcessor(release, 'Tag', { repository: 'registry.acme.test/web', tags: ['1.4'] });
 * new DockerPushPostProcessor(release, 'Push');
 */
export class DockerPushPostProcessor extends PostProcessor<DockerPushPostProcessorProps> {
  constructor(scope: Construct, id: string, props: DockerPushPostProcessorProps = {}) {
    super(scope, id, props, dockerPush);
  }
}

/** The post-processor `docker-push`, as the engine finds it. */
export const dockerPush: PostProcessorExtension<DockerPushConfigProps, DockerPushConfig> = {
  kind: 'post-processor',
  use: 'docker-push',
  module: 'goldsmith/docker',
  schema,
  accepts: ['docker-image'],
  produces: 'docker-image',
  keepInput: { default: true },
  run: (config, inputs, ctx) => (require('./push-run') as typeof import('./push-run')).runPush(config, inputs[0]!, ctx),
};
