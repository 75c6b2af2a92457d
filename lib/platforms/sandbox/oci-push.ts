import type { Construct } from 'constructs';
import { z } from 'zod';
import { PostProcessor, type PostProcessorProps } from '../../core/post-processor';
import type { PostProcessorExtension } from '../../extension/post-processor';
import { props, text, type PropsSchema } from '../../extension/props';
import type { Text } from '../../plan/late';
import type { SandboxLogin } from './sandbox-props';

/** What pushing needs beside the image. */
export interface OciPushConfigProps {
  /** Where the image goes, such as `registry.acme.test/web`; with a tag too, where `tags` is not given. */
  readonly repository: Text;
  /**
   * Its tags there.
   * @default - the tag in `repository`; else `latest`
   */
  readonly tags?: readonly Text[];
  /**
   * Who one is to the registry.
   * @default - what `docker login` stored, in docker's config.json or with its credential helpers; else nobody
   */
  readonly login?: SandboxLogin;
  /**
   * Takes http, and https with any certificate. Registries on this machine's own addresses are taken so anyway.
   * @default false
   */
  readonly insecure?: boolean;
}

/** Props of {@link OciPushPostProcessor}. */
export interface OciPushPostProcessorProps extends OciPushConfigProps, PostProcessorProps {}

const schema = props<OciPushConfigProps>()({
  repository: text(),
  tags: z.array(text()).min(1).optional(),
  login: z.strictObject({ username: text(), password: text() }).optional(),
  insecure: z.boolean().optional(),
});

/** The config of a push, resolved. */
export type OciPushConfig = typeof schema extends PropsSchema<OciPushConfigProps, infer Out> ? Out : never;

/**
 * Sends an image to a registry, without any engine. What the registry has already is not sent again, and what breaks off
 * goes on where it stopped. What was pushed stays: it is never deleted.
 *
 * @example
 * new OciPushPostProcessor(web, 'Push', { repository: 'registry.acme.test/web', tags: ['1.4', 'latest'] });
 */
export class OciPushPostProcessor extends PostProcessor<OciPushPostProcessorProps> {
  constructor(scope: Construct, id: string, props: OciPushPostProcessorProps) {
    super(scope, id, props, ociPush);
  }
}

/** The post-processor `oci-push`, as the engine finds it. */
export const ociPush: PostProcessorExtension<OciPushConfigProps, OciPushConfig> = {
  kind: 'post-processor',
  use: 'oci-push',
  module: 'goldsmith/sandbox',
  schema,
  accepts: ['oci-archive', 'oci-layout', 'docker-archive'],
  produces: 'oci-image',
  nameProps: ['repository', 'tags'],
  keepInput: { default: true },
  run: (config, inputs, ctx) => (require('./push-run') as typeof import('./push-run')).runPush(config, inputs[0]!, ctx),
  exists: (resource, ctx) => (require('./push-run') as typeof import('./push-run')).isPushed(resource, ctx),
  destroy: () => Promise.resolve(),
};
