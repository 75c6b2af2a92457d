import type { Construct } from 'constructs';
import { z } from 'zod';
import { PostProcessor, type PostProcessorProps } from '../core/post-processor';
import type { PostProcessorExtension } from '../extension/post-processor';
import { props, text } from '../extension/props';
import type { Text } from '../plan/late';
import { writeChecksums } from './checksum-run';
import { outputName } from './naming';

/** What {@link ChecksumPostProcessor} can compute. */
export const CHECKSUM_TYPES = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const;

/** Props of {@link ChecksumPostProcessor}. */
export interface ChecksumPostProcessorProps extends PostProcessorProps {
  /**
   * Which checksums, each in a file of its own where `output` has `{{.ChecksumType}}`.
   * @default ['md5']
   */
  readonly checksumTypes?: readonly (typeof CHECKSUM_TYPES)[number][];
  /**
   * The file to write, relative to the project. May have `{{.BuildName}}`, `{{.BuilderType}}` and `{{.ChecksumType}}`.
   * @default 'artifacts/{{.BuildName}}.{{.ChecksumType}}'
   */
  readonly output?: Text;
  /**
   * How a line reads: `packer` has the checksum, a tab and the file's name; `gnu` is what `sha256sum -c` takes, with the
   * file's path from the folder of the checksum file.
   * @default 'packer'
   */
  readonly format?: 'packer' | 'gnu';
}

type OwnChecksumProps = Omit<ChecksumPostProcessorProps, keyof PostProcessorProps>;

const schema = props<OwnChecksumProps>()({
  checksumTypes: z.array(z.enum(CHECKSUM_TYPES)).min(1).optional(),
  output: text().optional(),
  format: z.enum(['packer', 'gnu']).optional(),
});

/** The output where none is given. */
export const CHECKSUM_OUTPUT = 'artifacts/{{.BuildName}}.{{.ChecksumType}}';

/**
 * Writes checksums of the artifact's files beside them. The artifact it hands on has both.
 *
 * @example
 * new ChecksumPostProcessor(web, 'Sums', { checksumTypes: ['sha256'], format: 'gnu' });
 */
export class ChecksumPostProcessor extends PostProcessor<ChecksumPostProcessorProps> {
  constructor(scope: Construct, id: string, props: ChecksumPostProcessorProps = {}) {
    super(scope, id, { ...props, output: outputName(scope, id, props, props.output, CHECKSUM_OUTPUT) }, checksum);
  }
}

/** Props of a checksum as its runner gets them. */
export type ChecksumConfig = z.output<typeof schema>;

/** Runs {@link ChecksumPostProcessor}. */
export const checksum: PostProcessorExtension<OwnChecksumProps, ChecksumConfig> = {
  kind: 'post-processor',
  use: 'checksum',
  module: 'goldsmith',
  schema,
  produces: 'files',
  keepInput: { default: true, forced: true },
  run: writeChecksums,
};
