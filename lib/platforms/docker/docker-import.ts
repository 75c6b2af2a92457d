import type { Construct } from 'constructs';
import { z } from 'zod';
import { PostProcessor, type PostProcessorProps } from '../../core/post-processor';
import type { PostProcessorExtension } from '../../extension/post-processor';
import { props, text, type PropsSchema } from '../../extension/props';
import type { Text } from '../../plan/late';
import { problemWithChanges } from '../../oci/changes';
import { repositoryRule } from './docker-tag';

/** What importing needs. */
export interface DockerImportConfigProps {
  /** Repository that the image is named in. */
  readonly repository: Text;
  /**
   * Tag within it.
   * @default 'latest'
   */
  readonly tag?: Text;
  /**
   * What the image's config has, in a Dockerfile's words, such as `CMD ["nginx"]`: an archive of a file system has none.
   * @default - none
   */
  readonly changes?: readonly Text[];
  /**
   * Message, in the image's metadata.
   * @default - none
   */
  readonly message?: Text;
  /**
   * Platform that the image is for, such as `linux/arm64`.
   * @default - the engine's
   */
  readonly platform?: string;
}

/** Props of {@link DockerImportPostProcessor}. */
export interface DockerImportPostProcessorProps extends DockerImportConfigProps, PostProcessorProps {}

const schema = props<DockerImportConfigProps>()(
  {
    repository: text(),
    tag: text().optional(),
    changes: z.array(text()).optional(),
    message: text().optional(),
    platform: z.string().min(1).optional(),
  },
  repositoryRule,
  ({ changes }) => problemWithChanges(changes) ?? forbidden(changes),
);

/** The config of an import, resolved. */
export type DockerImportConfig = typeof schema extends PropsSchema<DockerImportConfigProps, infer Out> ? Out : never;

/**
 * Makes an image of an archive of a root file system, in a Docker Engine.
 *
 * @example
 * new DockerSource(web, 'Docker', { base: 'debian:bookworm', exportPath: 'artifacts/web.tar' });
 * new DockerImportPostProcessor(web, 'Flat', { repository: 'acme/web', tag: 'flat', changes: ['CMD ["nginx"]'] });
 */
export class DockerImportPostProcessor extends PostProcessor<DockerImportPostProcessorProps> {
  constructor(scope: Construct, id: string, props: DockerImportPostProcessorProps) {
    super(scope, id, props, dockerImport);
  }
}

/** The post-processor `docker-import`, as the engine finds it. */
export const dockerImport: PostProcessorExtension<DockerImportConfigProps, DockerImportConfig> = {
  kind: 'post-processor',
  use: 'docker-import',
  module: 'goldsmith/docker',
  schema,
  accepts: ['docker-export', 'rootfs-tar', 'files'],
  produces: 'docker-image',
  keepInput: { default: false },
  run: (config, inputs, ctx) => runner().runImport(config, inputs[0]!, ctx),
  exists: (resource, ctx) => runner().importExists(resource, ctx),
  destroy: (resource, ctx) => runner().removeImport(resource, ctx),
};

/** The engine takes two fewer here than for a commit, and there is no config to put them into. */
function forbidden(changes: unknown): string | undefined {
  const found = (Array.isArray(changes) ? (changes as readonly unknown[]) : []).find(
    (change) => typeof change === 'string' && /^\s*(?:STOPSIGNAL|SHELL)\s/i.test(change),
  );
  return found === undefined
    ? undefined
    : `\`changes\` has ${JSON.stringify(found)}, which an import cannot set; a \`docker\` source can`;
}

function runner() {
  return require('./import-run') as typeof import('./import-run');
}
