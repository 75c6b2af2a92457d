import type { IConstruct } from 'constructs';
import { findCycle, inOrder } from '../plan/graph';

/** Steps in order, or the circle that keeps them from having one. */
export interface StepOrder<T> {
  readonly steps: readonly T[];
  readonly cycle?: readonly string[];
}

/**
 * Steps in the order of the tree, but each after what it depends on by `node.addDependency`. Dependencies only add to
 * the order: where there are none it stays as it is.
 */
export function orderSteps<T extends IConstruct>(steps: readonly T[]): StepOrder<T> {
  const edges = steps.map((step) => ({ id: step.node.path, step, dependsOn: dependenciesOf(step, steps) }));
  if (edges.every(({ dependsOn }) => dependsOn.length === 0)) return { steps };
  const cycle = findCycle(edges);
  return cycle ? { steps, cycle } : { steps: inOrder(edges).map(({ step }) => step) };
}

/** Those of `steps` that `step`, or a group it is in, depends on. */
function dependenciesOf<T extends IConstruct>(step: T, steps: readonly T[]): readonly string[] {
  const wanted = step.node.scopes.flatMap((scope) => scope.node.dependencies);
  if (wanted.length === 0) return [];
  return steps
    .filter((other) => other !== step && wanted.some((target) => other.node.scopes.includes(target)))
    .map((other) => other.node.path);
}
