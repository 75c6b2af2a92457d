import type { IConstruct } from 'constructs';
import type { Extension } from '../extension';
import { findCycle, inOrder } from '../plan/graph';
import type { PlanNode } from '../plan/schema';
import { Digests } from '../plan/meaning';
import type { Tree } from './collect';
import type { Draft, Drafts } from './nodes';
import type { Report } from './report';

/** Completes the nodes: edges from `addDependency`, order, digests. Cycles go to the report. */
export function link(tree: Tree, drafts: Drafts, report: Report): PlanNode[] {
  addDependencies(tree, drafts);
  const nodes = dropUnknownEdges(drafts.nodes);
  const cycle = findCycle(nodes);
  if (cycle) {
    const owner = drafts.owners.get(cycle[0]!)?.[0] ?? tree.root;
    report.add(
      owner,
      'DEPENDENCY_CYCLE',
      `nodes depend on each other in a circle: ${cycle.join(' → ')}`,
      'remove one of these dependencies',
    );
    return [];
  }
  const digests = new Digests({
    revision: (kind, use) => revisionOf(drafts.extensions.get(`${kind} ${use}`)),
    passive: (use) => passiveOf(drafts.extensions.get(`platform ${use}`)),
  });
  return inOrder(nodes).map((node) => ({ ...node, digest: digests.add(node) }) as PlanNode);
}

/** What `addDependency` asks for. Between steps of one image it asks for an order only, which they have already. */
function addDependencies(tree: Tree, drafts: Drafts): void {
  const dependents = tree.all.filter((construct) => construct.node.dependencies.length > 0);
  if (dependents.length === 0) return;
  const nodesBelow = nodesByConstruct(drafts);
  const byId = new Map(drafts.nodes.map((node) => [node.id, node]));
  for (const construct of dependents) {
    const own = new Set(nodesBelow(construct));
    const targets = construct.node.dependencies.flatMap((target) => nodesBelow(target)).filter((id) => !own.has(id));
    for (const id of own) {
      const node = byId.get(id)!;
      const known = new Set(node.dependsOn);
      node.dependsOn.push(...targets.filter((target) => !known.has(target)));
    }
  }
}

/** The nodes that a construct, or anything below it, gives rise to. */
function nodesByConstruct(drafts: Drafts): (construct: IConstruct) => string[] {
  const index = new Map<IConstruct, Set<string>>();
  for (const [id, owners] of drafts.owners) {
    for (const scope of owners.flatMap((owner) => owner.node.scopes)) {
      const set = index.get(scope) ?? new Set();
      set.add(id);
      index.set(scope, set);
    }
  }
  return (construct) => [...(index.get(construct) ?? [])];
}

/** Edges to nodes that a problem kept from being made: the problem is reported already. */
function dropUnknownEdges(nodes: readonly Draft[]): Draft[] {
  const known = new Set(nodes.map(({ id }) => id));
  return nodes.map((node) => ({ ...node, dependsOn: node.dependsOn.filter((id) => known.has(id)).sort() }));
}

function revisionOf(extension: Extension | undefined): number {
  return extension && 'revision' in extension ? (extension.revision ?? 1) : 1;
}

function passiveOf(extension: Extension | undefined): readonly string[] {
  return extension?.kind === 'platform' ? (extension.passiveProps ?? []) : [];
}
