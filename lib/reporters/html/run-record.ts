import type { RunEvent } from '../../engine/events';
import { RunState, type NodeView, type StepView } from '../run-state';

/** Lines of each step that a report holds: its first and its last ones. */
const LIMITS = { first: 1000, last: 4000 };

/** Something that a run created, and what became of it. */
export interface ResourceView {
  readonly node: string;
  readonly kind: string;
  id: string;
  phase: (RunEvent & { type: 'resource' })['phase'];
}

/** A run as a report tells it. */
export interface RunRecord {
  readonly state: RunState;
  readonly resources: readonly ResourceView[];
  /** Time of the last event. */
  readonly endedAt: number;
}

/** Reads a run's events. */
export function recordOf(events: Iterable<RunEvent>): RunRecord {
  const state = new RunState(LIMITS);
  const resources: ResourceView[] = [];
  for (const event of events) {
    state.apply(event);
    if (event.type === 'resource') note(resources, event);
  }
  // What was running when the record breaks off ended its last line there.
  for (const node of state.nodes.values()) {
    for (const place of [node, ...node.steps.values()]) flush(place, state.latest);
  }
  return { state, resources, endedAt: state.latest };
}

/** The places of a node that have a log: its steps, and the node for what belongs to no step. */
export function placesOf(node: NodeView): (StepView | NodeView)[] {
  return [...node.steps.values(), ...(node.log.count > 0 ? [node] : [])];
}

function note(resources: ResourceView[], { node, kind, id = '', phase }: RunEvent & { type: 'resource' }): void {
  const same = resources
    .filter((other) => other.node === node && other.kind === kind && (other.id === id || other.id === ''))
    .at(-1);
  if (phase === 'creating' || !same) resources.push({ node, kind, id, phase });
  else Object.assign(same, { id: id === '' ? same.id : id, phase });
}

function flush(place: StepView | NodeView, time: number): void {
  for (const { text, stream } of place.splitter.flush()) place.log.add({ text, kind: stream, time });
}
