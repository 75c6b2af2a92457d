import { stat } from 'node:fs/promises';
import type { Construct } from 'constructs';
import { z } from 'zod';
import { GoldsmithError } from '../errors';
import { PostProcessor, type PostProcessorProps } from '../core/post-processor';
import type { Artifact, ArtifactFile } from '../extension/artifact';
import type { ProcessContext } from '../extension/context';
import type { PostProcessorExtension } from '../extension/post-processor';
import { props, text } from '../extension/props';
import { digestOf } from '../plan/digest';
import type { Text } from '../plan/late';
import { glob } from '../util/glob';
import { digestsOf } from './digests';

/** Props of {@link ArtificePostProcessor}. */
export interface ArtificePostProcessorProps extends PostProcessorProps {
  /** Files of this machine, relative to the project. `*`, `?`, `[…]` and `**` find several. */
  readonly files: readonly Text[];
}

type OwnArtificeProps = Omit<ArtificePostProcessorProps, keyof PostProcessorProps>;

const schema = props<OwnArtificeProps>()({ files: z.array(text()).min(1) });

/**
 * Puts files that the build left on this machine in the place of its artifact, for the post-processors after it in a chain.
 *
 * @example
 * const release = new PostProcessorChain(web, 'Release');
 * new ArtificePostProcessor(release, 'Packages', { files: ['out/*.deb'] });
 * new ChecksumPostProcessor(release, 'Sums', { checksumTypes: ['sha256'] });
 */
export class ArtificePostProcessor extends PostProcessor<ArtificePostProcessorProps> {
  constructor(scope: Construct, id: string, props: ArtificePostProcessorProps) {
    super(scope, id, props, artifice);
  }
}

/** Runs {@link ArtificePostProcessor}. */
export const artifice: PostProcessorExtension<OwnArtificeProps, z.output<typeof schema>> = {
  kind: 'post-processor',
  use: 'artifice',
  module: 'goldsmith',
  schema,
  produces: 'files',
  keepInput: { default: true },
  // No digest covers the files.
  cacheable: false,
  runsWithoutInput: true,
  run: ({ files }, _inputs, ctx) => findFiles(files, ctx),
};

async function findFiles(patterns: readonly string[], ctx: ProcessContext): Promise<Artifact> {
  const names = new Set<string>();
  for (const pattern of patterns) {
    const found = await glob(pattern, ctx.projectDir);
    if (found.length === 0) throw nothing(pattern, ctx);
    for (const name of found) names.add(name);
  }
  const files: ArtifactFile[] = [];
  for (const name of names) files.push(await describe(name, ctx));
  return {
    use: 'artifice',
    kind: 'files',
    id: `files@sha256:${digestOf(files)}`,
    description: `${files.length} files`,
    files,
    // The user made them, so goldsmith never deletes them.
    resources: [],
    outputs: { path: files[0]!.path, paths: files.map((file) => file.path) },
  };
}

async function describe(name: string, ctx: ProcessContext): Promise<ArtifactFile> {
  const file = ctx.resolvePath(name);
  const stats = await stat(file);
  if (!stats.isFile()) return { path: name, size: 0 };
  const sha256 = (await digestsOf(file, ['sha256'], ctx.signal)).get('sha256')!;
  return { path: name, size: stats.size, sha256 };
}

function nothing(pattern: string, ctx: ProcessContext): GoldsmithError {
  return new GoldsmithError('PROCESS_FAILED', `\`files\` has ${JSON.stringify(pattern)}, which finds nothing`, {
    hint: `looked in ${ctx.projectDir}; a step before this one must leave the files there, a download by the file provisioner for instance`,
  });
}
