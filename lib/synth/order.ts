import type { IConstruct } from 'constructs';

/**
 * Steps in the order of the tree, but each after what it depends on by `node.addDependency`. Dependencies only add to
 * the order: where there are none it stays as it is.
 */
export function orderSteps<T extends IConstruct>(steps: readonly T[]): readonly T[] {
  const waitsFor = new Map(steps.map((step) => [step, dependenciesOf(step, steps)]));
  if ([...waitsFor.values()].every((list) => list.length === 0)) return steps;
  const done = new Set<T>();
  const ordered: T[] = [];
  const place = (step: T): void => {
    if (done.has(step)) return;
    done.add(step);
    for (const other of waitsFor.get(step) ?? []) place(other);
    ordered.push(step);
  };
  steps.forEach(place);
  return ordered;
}

/** Those of `steps` that `step`, or a group it is in, depends on. */
function dependenciesOf<T extends IConstruct>(step: T, steps: readonly T[]): readonly T[] {
  const wanted = step.node.scopes.flatMap((scope) => scope.node.dependencies);
  if (wanted.length === 0) return [];
  return steps.filter((other) => other !== step && wanted.some((target) => other.node.scopes.includes(target)));
}
