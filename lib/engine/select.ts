import { GoldsmithError } from '../errors';
import { withDependencies } from '../plan/graph';
import type { Plan, PlanNode } from '../plan/schema';
import { didYouMean } from '../util/nearest';

/** What a selection means. */
export interface Selection {
  /** What the selectors name, and what verifies or processes it. */
  readonly chosen: ReadonlySet<string>;
  /** That and everything it depends on, in the order of the plan. */
  readonly nodes: readonly PlanNode[];
}

/**
 * The nodes that selectors name (globs over ids, such as `Web` or everything below it), with the verifications and post-processors of
 * the builds among them, and all that these need.
 *
 * @throws GoldsmithError UNKNOWN_SELECTOR for one that matches nothing
 */
export function select(plan: Plan, selectors: readonly string[] = []): Selection {
  if (selectors.length === 0) return { chosen: new Set(plan.nodes.map(({ id }) => id)), nodes: plan.nodes };
  const chosen = new Set<string>();
  const problems = selectors.flatMap((selector) => {
    const matched = plan.nodes.filter((node) => matches(selector, node));
    for (const { id } of matched) chosen.add(id);
    return matched.length > 0 ? [] : [unknown(selector, plan)];
  });
  if (problems.length > 0) throw GoldsmithError.all(problems, 'UNKNOWN_SELECTOR');
  for (const node of plan.nodes) {
    // What follows from a chosen build comes along, as soon as all it takes is there.
    if (node.kind === 'verify' && chosen.has(node.build)) chosen.add(node.id);
    if (node.kind === 'process' && node.inputs.every((id) => chosen.has(id))) chosen.add(node.id);
  }
  const needed = withDependencies(plan.nodes, chosen);
  return { chosen, nodes: plan.nodes.filter(({ id }) => needed.has(id)) };
}

function matches(selector: string, node: PlanNode): boolean {
  const expression = toExpression(selector);
  return expression.test(node.id) || (node.kind === 'build' && expression.test(node.image));
}

/** A glob: `*` crosses slashes, so that `Web*` takes all below; `?` is one character. */
function toExpression(glob: string): RegExp {
  const body = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${body}$`);
}

function unknown(selector: string, plan: Plan): { code: 'UNKNOWN_SELECTOR'; message: string; hint: string } {
  const names = plan.nodes.flatMap((node) => (node.kind === 'build' ? [node.id, node.image] : [node.id]));
  return {
    code: 'UNKNOWN_SELECTOR',
    message: `the selector \`${selector}\` matches nothing`,
    hint: didYouMean(selector, [...new Set(names)]),
  };
}
