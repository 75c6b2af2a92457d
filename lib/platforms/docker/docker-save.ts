import type { Construct } from 'constructs';
import { PostProcessor, type PostProcessorProps } from '../../core/post-processor';
import type { PostProcessorExtension } from '../../extension/post-processor';
import { props, text, type PropsSchema } from '../../extension/props';
import type { Text } from '../../plan/late';

/** What saving needs. */
export interface DockerSaveConfigProps {
  /** File to write, as a tar archive that `docker load` takes. */
  readonly path: Text;
}

/** Props of {@link DockerSavePostProcessor}. */
export interface DockerSavePostProcessorProps extends DockerSaveConfigProps, PostProcessorProps {}

const schema = props<DockerSaveConfigProps>()({ path: text() });

/** The config of a save, resolved. */
export type DockerSaveConfig = typeof schema extends PropsSchema<DockerSaveConfigProps, infer Out> ? Out : never;

/**
 * Writes an image of a Docker Engine, with its names, to a file.
 *
 * @example
 * new DockerSavePostProcessor(web, 'Save', { path: 'artifacts/web.tar' });
 */
export class DockerSavePostProcessor extends PostProcessor<DockerSavePostProcessorProps> {
  constructor(scope: Construct, id: string, props: DockerSavePostProcessorProps) {
    super(scope, id, props, dockerSave);
  }
}

/** The post-processor `docker-save`, as the engine finds it. */
export const dockerSave: PostProcessorExtension<DockerSaveConfigProps, DockerSaveConfig> = {
  kind: 'post-processor',
  use: 'docker-save',
  module: 'goldsmith/docker',
  schema,
  nameProps: ['path'],
  accepts: ['docker-image'],
  produces: 'docker-image',
  keepInput: { default: true },
  run: (config, inputs, ctx) => (require('./save-run') as typeof import('./save-run')).runSave(config, inputs[0]!, ctx),
};
