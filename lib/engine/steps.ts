import { GoldsmithError, located, messageOf, toProblem, type ErrorCode } from '../errors';
import type { PlanNode, StepSpec } from '../plan/schema';
import { parseDuration } from '../util/duration';
import { explainErrno } from '../util/errno';
import { withinTime } from '../util/within-time';
import type { StepState } from './events';
import type { Services } from './services';

/** Where a step stands and what its failure is called. */
export interface StepFrame {
  readonly node: PlanNode;
  /** Id of the step; the engine's own are `launch`, `connect` and `capture` below the node. */
  readonly id: string;
  readonly use: string;
  readonly policy?: StepSpec['policy'];
  readonly failure: ErrorCode;
  readonly signal: AbortSignal;
}

/**
 * Runs a step by its policy: pause, then tries, each with its timeout, with a delay between them. Announces it, and
 * gives its error the path and the line of the program.
 *
 * @returns false where it failed and the build goes on
 */
export async function runStep(
  services: Services,
  frame: StepFrame,
  body: (signal: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const { policy = {}, signal, node, id } = frame;
  const started = services.clock.now();
  const tries = (policy.maxRetries ?? 0) + 1;
  if (policy.pauseBefore !== undefined) await services.clock.sleep(parseDuration(policy.pauseBefore), signal);
  for (let attempt = 1; ; attempt += 1) {
    services.emit({ type: 'step-started', node: node.id, step: id, use: frame.use, attempt });
    try {
      await withTimeout(services, policy.timeout, signal, body);
      finished(services, frame, 'succeeded', started);
      return true;
    } catch (thrown) {
      const error = located(
        explainErrno(thrown, `running ${id}`),
        { path: id, source: sourceOf(services, frame) },
        frame.failure,
      );
      const again = attempt < tries && !signal.aborted;
      const tolerated = !again && policy.continueOnError === true && !signal.aborted;
      finished(services, frame, tolerated ? 'tolerated' : 'failed', started, error);
      if (tolerated) return false;
      if (!again) throw error;
      const delay = policy.retryDelay === undefined ? 0 : parseDuration(policy.retryDelay);
      services.emit({
        type: 'message',
        level: 'warning',
        node: node.id,
        step: id,
        text: `try ${attempt} of ${tries} failed: ${messageOf(error)}`,
      });
      await services.clock.sleep(delay, signal);
    }
  }
}

/** The line of the program that made a step, else the one that made its node's parts. */
export function sourceOf(
  { plan }: Services,
  { id, node }: { readonly id: string; readonly node: PlanNode },
): string | undefined {
  for (const path of [id, node.id, node.kind === 'build' ? node.image : node.step.id]) {
    for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
      const source = Object.hasOwn(plan.metadata, at) ? plan.metadata[at]?.source : undefined;
      if (source !== undefined) return source;
    }
  }
  return undefined;
}

function finished(
  services: Services,
  { node, id }: StepFrame,
  state: StepState,
  started: number,
  error?: GoldsmithError,
): void {
  const duration = services.clock.now() - started;
  services.emit({
    type: 'step-finished',
    node: node.id,
    step: id,
    state,
    duration,
    ...(error && { error: toProblem(error) }),
  });
}

async function withTimeout(
  services: Services,
  timeout: string | undefined,
  signal: AbortSignal,
  body: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  signal.throwIfAborted();
  if (timeout === undefined) return body(signal);
  const late = (): GoldsmithError =>
    new GoldsmithError('STEP_TIMEOUT', `it took longer than its timeout of ${timeout}`, {
      hint: 'raise `timeout`, or find out what it waits for',
    });
  return withinTime(services.clock, parseDuration(timeout), signal, late, body);
}
