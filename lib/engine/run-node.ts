import { GoldsmithError, toProblem } from '../errors';
import type { PlanNode } from '../plan/schema';
import { explainErrno } from '../util/errno';
import { runBuild } from './build';
import type { NodeResult, NodeSummary } from './events';
import { runProcess } from './process';
import { publishVerified } from './publish';
import type { Outcome } from './scheduler';
import type { NodeOutcome, Services } from './services';
import { sourceOf } from './steps';
import { runVerify } from './verify';

/** Runs one node to its end, whatever that is: its result is noted, and everybody is told. */
export async function runNode(node: PlanNode, services: Services, results: Map<string, NodeResult>): Promise<Outcome> {
  const started = services.clock.now();
  const duration = (): number => services.clock.now() - started;
  services.emit({ type: 'node-started', node: node.id });
  try {
    const outcome = await runOne(node, services);
    services.outcomes.set(node.id, outcome);
    if (node.kind === 'verify') await publishVerified(node, services, results, services.signal);
    const cache =
      outcome.state === 'cached'
        ? { builtAt: outcome.builtAt, refresh: `${services.settings.command} --force '${node.id}'` }
        : undefined;
    const { state, artifact } = outcome;
    finish(node, services, results, { state, duration: duration(), artifact, cache, ...checksOf(node, services) });
    return 'succeeded';
  } catch (error) {
    services.outcomes.delete(node.id);
    const state = services.signal.aborted ? 'cancelled' : 'failed';
    const problem = {
      path: node.id,
      source: sourceOf(services, { id: node.id, node }),
      ...toProblem(state === 'cancelled' ? cancelled(error) : explainErrno(error, `recording ${node.id}`)),
    };
    finish(node, services, results, { state, duration: duration(), error: problem, ...checksOf(node, services) });
    return state;
  }
}

function checksOf({ id }: PlanNode, { checks }: Services): Pick<NodeResult, 'checks'> {
  const own = checks.get(id);
  return own ? { checks: own } : {};
}

/** An abort signal may have any reason. */
function cancelled(error: unknown): GoldsmithError {
  return GoldsmithError.is(error) ? error : new GoldsmithError('CANCELLED', 'the run was cancelled');
}

function runOne(node: PlanNode, services: Services): Promise<NodeOutcome> {
  switch (node.kind) {
    case 'build':
      return runBuild(node, services, services.signal);
    case 'verify':
      return runVerify(node, services, services.signal);
    case 'process':
      return runProcess(node, services, services.signal);
  }
}

/** Notes how a node ended. */
export function finish(
  node: PlanNode,
  services: Services,
  results: Map<string, NodeResult>,
  result: Omit<NodeResult, 'id'>,
): void {
  const clean = services.redactor.cleanDeep(result);
  results.set(node.id, { id: node.id, ...clean });
  services.emit({ type: 'node-finished', node: node.id, ...clean });
}

/** Which pool limits a node: for a build its platform's, which is its type key where it says nothing else. */
export function poolOf(node: PlanNode, { extensions }: Services): string {
  if (node.kind !== 'build') return node.kind;
  const { use } = node.source;
  // One that cannot be loaded fails when its build runs.
  return extensions.has('platform', use) ? (extensions.get('platform', use).pool ?? use) : use;
}

/** A node as the first event announces it. */
export function summaryOf(node: PlanNode): NodeSummary {
  const { id, kind, dependsOn } = node;
  if (node.kind !== 'build')
    return { id, kind, use: node.step.use, dependsOn, steps: [{ id: node.step.id, use: node.step.use }] };
  const own = (name: string): { id: string; use: string } => ({ id: `${id}/${name}`, use: name });
  const steps = node.provisioners.map(({ id: step, use }) => ({ id: step, use }));
  return {
    id,
    kind,
    use: node.source.use,
    dependsOn,
    steps: [own('launch'), own('connect'), ...steps, own('capture')],
  };
}
