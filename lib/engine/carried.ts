import type { Artifact } from '../extension/artifact';
import type { BuildOrigin } from '../extension/context';
import type { BuildNode, ProcessNode } from '../plan/schema';
import type { Services } from './services';

/** An artifact on its way to a post-processor, and the build that it comes from. */
export interface Carried {
  readonly artifact: Artifact;
  /** Id of the build. */
  readonly build: string;
}

/** What nodes hand to the post-processors after them. One that makes nothing of its own hands on all that it took. */
export function carriedBy(nodes: readonly string[], { outcomes }: Services): readonly Carried[] {
  return nodes.flatMap((id) => {
    const outcome = outcomes.get(id);
    if (outcome?.carries) return outcome.carries;
    return outcome?.artifact ? [{ artifact: outcome.artifact, build: id }] : [];
  });
}

/** The builds behind artifacts. */
export function originsOf(carried: readonly Carried[], services: Services): BuildOrigin[] {
  return carried.map(({ artifact, build: id }) => {
    const build = services.plan.nodes.find((node): node is BuildNode => node.kind === 'build' && node.id === id)!;
    const { state, builtAt } = services.outcomes.get(id)!;
    return { build: id, image: build.image, use: build.source.use, artifact, cached: state === 'cached', builtAt };
  });
}

/** The first of the builds that a post-processor works for, through any post-processors between. */
export function firstBuildOf({ inputs }: ProcessNode, services: Services): BuildNode {
  const first = services.plan.nodes.find((node) => node.id === inputs[0])!;
  return first.kind === 'build' ? first : firstBuildOf(first as ProcessNode, services);
}
