import type { Construct } from 'constructs';
import { z } from 'zod';
import { PostProcessor, type PostProcessorProps } from '../core/post-processor';
import type { PostProcessorExtension } from '../extension/post-processor';
import { props, text } from '../extension/props';
import type { Text } from '../plan/late';
import { compressProblems, writeCompressed } from './compress-run';
import { namesKnown, outputName } from './naming';

/** Props of {@link CompressPostProcessor}. */
export interface CompressPostProcessorProps extends PostProcessorProps {
  /**
   * The file to write, relative to the project. Its endings choose the format: `.tar` and `.zip` hold any number of files,
   * `.gz`, `.zst`, `.bz2`, `.lz4`, `.xz` and `.bgzf` one file, or a tar as in `.tar.gz`. Without an ending that is known it
   * becomes a tar.gz. May have `{{.BuildName}}` and `{{.BuilderType}}`.
   * @default 'artifacts/{{.BuildName}}.tar.gz', with the ending that `format` names
   */
  readonly output?: Text;
  /**
   * The format, where the ending of `output` shall not choose it: `zip`, `tar`, `tar.gz`, `zst` and so on.
   * @default - by the endings of `output`
   */
  readonly format?: string;
  /**
   * From 0 (fast) to 9 (small), for zstd to 19; -1 for what the format's own tool does.
   * @default -1
   */
  readonly compressionLevel?: number;
}

type OwnCompressProps = Omit<CompressPostProcessorProps, keyof PostProcessorProps>;

const schema = props<OwnCompressProps>()({
  output: text().optional(),
  format: z.string().min(1).optional(),
  compressionLevel: z.number().int().min(-1).max(19).optional(),
});

/** The output where none is given. */
export function compressOutput(format: string | undefined): string {
  return `artifacts/{{.BuildName}}.${format ?? 'tar.gz'}`;
}

/**
 * Packs the artifact's files into one compressed file. The artifact it takes is deleted, unless `keepInputArtifact` is true.
 *
 * @example
 * new CompressPostProcessor(web, 'Compress', { output: 'artifacts/web.tar.zst' });
 */
export class CompressPostProcessor extends PostProcessor<CompressPostProcessorProps> {
  constructor(scope: Construct, id: string, props: CompressPostProcessorProps = {}) {
    const output = outputName(scope, id, props, props.output, compressOutput(props.format));
    super(scope, id, { ...props, output }, compress);
  }
}

/** Props of a compression as its runner gets them. */
export type CompressConfig = z.output<typeof schema>;

/** Runs {@link CompressPostProcessor}. */
export const compress: PostProcessorExtension<OwnCompressProps, CompressConfig> = {
  kind: 'post-processor',
  use: 'compress',
  module: 'goldsmith',
  schema,
  produces: 'files',
  nameProps: ['output'],
  preflight: compressProblems,
  outputs: ({ output }) => namesKnown(output),
  keepInput: { default: false },
  run: writeCompressed,
};
