import { GoldsmithError } from '../../errors';
import type { Artifact } from '../../extension/artifact';
import type { ProcessContext } from '../../extension/context';
import { parseReference } from '../../oci/reference';
import { authFor } from './auth';
import type { DockerPushConfig } from './docker-push';
import type { Engine } from './engine';
import { failed } from './errors';
import { withEngine } from './open-engine';
import { progressLines, withLayerProgress } from './progress';

/** Pushes every name of the image; its digest comes from the registry. */
export async function runPush(config: DockerPushConfig, input: Artifact, ctx: ProcessContext): Promise<Artifact> {
  const names = (input.outputs['tags'] ?? []) as readonly string[];
  if (names.length === 0) {
    throw new GoldsmithError('PROCESS_FAILED', `the image ${input.id} has no name that says where to push it`, {
      hint: 'give the source `tags`, or put a DockerTagPostProcessor before this one in a PostProcessorChain',
    });
  }
  const references: string[] = [];
  let digest = '';
  await withEngine(ctx, async (engine) => {
    for (const name of names) {
      digest = await push(engine, name, config, ctx);
      references.push(`${parseReference(name).name}@${digest}`);
      ctx.say(`pushed ${name} (${digest})`);
    }
  });
  const reference = references.at(-1)!;
  return {
    use: 'docker-push',
    kind: 'docker-image',
    id: `${names.join('+')}@${digest}`,
    description: `image ${names.join(', ')} in its registry (${digest})`,
    files: input.files,
    // What is in a registry belongs to whoever pulls it: it is never deleted.
    resources: [],
    outputs: { ...input.outputs, digest, reference, references },
  };
}

async function push(engine: Engine, name: string, config: DockerPushConfig, ctx: ProcessContext): Promise<string> {
  const { name: repository, registry, tag = 'latest' } = parseReference(name);
  // Not below: what is wrong with Docker's configuration says itself what helps.
  const auth = await authFor(name, config, ctx);
  try {
    const stream = await engine.push(repository, tag, auth, config.platform, ctx.signal);
    let digest: string | undefined;
    for await (const line of withLayerProgress(`push ${name}`, progressLines(stream), ctx)) {
      digest = line.aux?.Digest ?? digest;
    }
    if (digest === undefined)
      throw new GoldsmithError('PROCESS_FAILED', 'the engine did not say under which digest it was pushed');
    return digest;
  } catch (error) {
    ctx.signal.throwIfAborted();
    const hint = `run \`docker login ${registry}\`, or give \`loginUsername\` and \`loginPassword\`; see that the repository may be written`;
    throw failed(
      'PROCESS_FAILED',
      `${name} could not be pushed`,
      error,
      isDenied(error) ? hint : `see that ${registry} is reachable from the engine`,
    );
  }
}

function isDenied(error: unknown): boolean {
  return GoldsmithError.is(error) && error.code === 'ACCESS_DENIED';
}
