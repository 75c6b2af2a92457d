import type { Construct } from 'constructs';
import { z } from 'zod';
import { PostProcessor, type PostProcessorProps } from '../core/post-processor';
import type { PostProcessorExtension } from '../extension/post-processor';
import { props, text, textMap } from '../extension/props';
import type { Text } from '../plan/late';
import { writeManifest } from './manifest-run';
import { outputName } from './naming';

/** Props of {@link ManifestPostProcessor}. */
export interface ManifestPostProcessorProps extends PostProcessorProps {
  /**
   * The file to write or add to, relative to the project.
   * @default 'packer-manifest.json'
   */
  readonly output?: Text;
  /**
   * Names files without their folders.
   * @default false
   */
  readonly stripPath?: boolean;
  /**
   * Leaves out when each build was made.
   * @default false
   */
  readonly stripTime?: boolean;
  /**
   * What else each entry shall say.
   * @default - nothing
   */
  readonly customData?: Readonly<Record<string, Text>>;
}

type OwnManifestProps = Omit<ManifestPostProcessorProps, keyof PostProcessorProps>;

const schema = props<OwnManifestProps>()({
  output: text().optional(),
  stripPath: z.boolean().optional(),
  stripTime: z.boolean().optional(),
  customData: textMap().optional(),
});

/** The output where none is given. */
export const MANIFEST_OUTPUT = 'packer-manifest.json';

/**
 * Adds what was built to a JSON file that Packer's readers understand.
 *
 * @example
 * new ManifestPostProcessor(web, 'Manifest', { customData: { channel: 'stable' } });
 */
export class ManifestPostProcessor extends PostProcessor<ManifestPostProcessorProps> {
  constructor(scope: Construct, id: string, props: ManifestPostProcessorProps = {}) {
    super(scope, id, { ...props, output: outputName(scope, id, props, props.output, MANIFEST_OUTPUT) }, manifest);
  }
}

/** Props of a manifest as its runner gets them. */
export type ManifestConfig = z.output<typeof schema>;

/** Runs {@link ManifestPostProcessor}. */
export const manifest: PostProcessorExtension<OwnManifestProps, ManifestConfig> = {
  kind: 'post-processor',
  use: 'manifest',
  module: 'goldsmith',
  schema,
  keepInput: { default: true, forced: true },
  // Its file names the last run, so it is written in each.
  cacheable: false,
  run: writeManifest,
};
