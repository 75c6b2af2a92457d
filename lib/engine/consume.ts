import { toProblem } from '../errors';
import type { PlanNode, ProcessNode } from '../plan/schema';
import { takesArtifactOf } from './base';
import { carriedBy } from './carried';
import { discard } from './discard';
import type { Services } from './services';

/**
 * Deletes artifacts that post-processors took over, when everything is done and all went well: Packer's rule. What any node
 * wants to keep, or another image starts from, stays.
 */
export async function consumeInputs(services: Services): Promise<void> {
  for (const node of services.plan.nodes) {
    const outcome = services.outcomes.get(node.id);
    if (!outcome?.artifact || node.kind === 'verify' || !isTakenOver(node, services)) continue;
    const record = await services.catalog.byKey(outcome.key);
    if (!record || record.consumed) continue;
    try {
      await discard(outcome.artifact.resources, node.id, services, () =>
        services.catalog.record({ ...record, consumed: true }),
      );
      services.emit({
        type: 'message',
        level: 'info',
        node: node.id,
        text: 'the artifact was taken over by a post-processor and is deleted; keepInputArtifact: true keeps it',
      });
    } catch (error) {
      services.left.push({
        kind: outcome.artifact.kind,
        id: outcome.artifact.id,
        node: node.id,
        why: 'leaked',
        detail: toProblem(error).message,
      });
    }
  }
}

function isTakenOver(node: PlanNode, services: Services): boolean {
  const takers = services.plan.nodes.filter((other) => takesArtifactOf(other, node.id));
  const processes = takers.filter((taker): taker is ProcessNode => taker.kind === 'process');
  if (processes.length === 0 || takers.some(({ kind }) => kind === 'build')) return false;
  if (takers.some(({ id }) => !services.outcomes.has(id))) return false;
  return processes.every((taker) => !keepsInput(taker, node, services));
}

function keepsInput(taker: ProcessNode, node: PlanNode, services: Services): boolean {
  const { keepInput } = services.extensions.get('post-processor', taker.step.use);
  // A post-processor that hands its input on makes no other artifact to keep.
  const artifact = services.outcomes.get(node.id)?.artifact;
  if (carriedBy([taker.id], services).some(({ artifact: { id } }) => id === artifact?.id)) return true;
  if (artifact && keepInput.keeps?.includes(artifact.kind) === true) return true;
  return keepInput.default && keepInput.forced ? true : (taker.keepInputArtifact ?? keepInput.default);
}
