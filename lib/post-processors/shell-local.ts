import type { Construct } from 'constructs';
import { PostProcessor, type PostProcessorProps } from '../core/post-processor';
import type { Artifact } from '../extension/artifact';
import type { ProcessContext } from '../extension/context';
import type { PostProcessorExtension } from '../extension/post-processor';
import { exactlyOne, props } from '../extension/props';
import { runLocalScripts } from '../provisioners/local-run';
import {
  localScriptRules,
  localScriptShape,
  type LocalScriptConfig,
  type LocalScriptProps,
} from '../provisioners/local-scripts';

/** Props of {@link ShellLocalPostProcessor}. Exactly one of `command`, `inline`, `script`, `scripts`. */
export interface ShellLocalPostProcessorProps extends PostProcessorProps, LocalScriptProps {}

type OwnShellLocalProps = Omit<ShellLocalPostProcessorProps, keyof PostProcessorProps>;

const schema = props<OwnShellLocalProps>()(
  localScriptShape,
  exactlyOne('command', 'inline', 'script', 'scripts'),
  ...localScriptRules,
);

/**
 * Runs commands or scripts on the machine that goldsmith runs on, in the project's folder, once the artifact is there. They find it
 * in GOLDSMITH_ARTIFACT_ID, GOLDSMITH_ARTIFACT_KIND and GOLDSMITH_ARTIFACT_FILES (one path a line).
 *
 * @example
 * new ShellLocalPostProcessor(web, 'Scan', { command: 'trivy image "$GOLDSMITH_ARTIFACT_ID"' });
 */
export class ShellLocalPostProcessor extends PostProcessor<ShellLocalPostProcessorProps> {
  constructor(scope: Construct, id: string, props: ShellLocalPostProcessorProps) {
    super(scope, id, props, shellLocalPostProcessor);
  }
}

/** Runs {@link ShellLocalPostProcessor}. */
export const shellLocalPostProcessor: PostProcessorExtension<OwnShellLocalProps, LocalScriptConfig> = {
  kind: 'post-processor',
  use: 'shell-local',
  module: 'goldsmith',
  schema,
  keepInput: { default: true, forced: true },
  runsWithoutInput: true,
  async run(config, inputs, ctx) {
    await runLocalScripts(config, { ...ctx.variables, ...artifactVariables(inputs, ctx) }, factsOf(inputs), ctx);
    return undefined;
  },
};

function artifactVariables(inputs: readonly Artifact[], ctx: ProcessContext): Readonly<Record<string, string>> {
  const lines = (values: readonly string[]): string => values.join('\n');
  return {
    GOLDSMITH_ARTIFACT_ID: lines(inputs.map(({ id }) => id)),
    GOLDSMITH_ARTIFACT_KIND: lines(inputs.map(({ kind }) => kind)),
    GOLDSMITH_ARTIFACT_FILES: lines(inputs.flatMap(({ files }) => files.map((file) => ctx.resolvePath(file.path)))),
  };
}

/** What `executeCommand` may name: of one artifact its id. */
function factsOf(inputs: readonly Artifact[]): Readonly<Record<string, string>> {
  return inputs.length === 1 ? { ID: inputs[0]!.id } : {};
}
