import type { Problem } from '../errors';
import type { LeftBehind, NodeResult, NodeState, NodeSummary, RunEvent, StepState } from '../engine/events';
import type { CheckResult } from '../extension/check';
import { LineSplitter, Log, type LineKind, type LogLimits, type LogLine } from './log';
import { plainLine, plainLines } from './text';
import { Transfers } from './transfers';

/** A step, as far as the events have told. */
export interface StepView {
  readonly id: string;
  /** Type key of what runs it. */
  readonly use: string;
  state: 'pending' | 'running' | StepState;
  attempt: number;
  /** Of the latest attempt. */
  startedAt?: number;
  /** Of the first attempt. */
  firstStartedAt?: number;
  finishedAt?: number;
  duration?: number;
  error?: Problem | undefined;
  readonly log: Log;
  readonly transfers: Transfers;
  readonly splitter: LineSplitter;
}

/** A node, as far as the events have told. */
export interface NodeView {
  readonly id: string;
  readonly kind: NodeSummary['kind'];
  readonly use: string;
  readonly dependsOn: readonly string[];
  readonly steps: Map<string, StepView>;
  state: NodeState;
  startedAt?: number;
  finishedAt?: number;
  result?: NodeResult;
  /** Of a verification: how its checks went, in the latest try. */
  checks: readonly CheckResult[];
  /** What belongs to no step. */
  readonly log: Log;
  readonly transfers: Transfers;
  readonly splitter: LineSplitter;
}

/** How a run ended. */
export interface RunEnd {
  readonly status: 'succeeded' | 'failed' | 'cancelled';
  readonly duration: number;
  readonly nodes: readonly NodeResult[];
  readonly left: readonly LeftBehind[];
}

/** What the events of a run add up to. Reporters that show more than the latest event look at it. */
export class RunState {
  run = '';
  app = '';
  version = '';
  parallel = 0;
  startedAt = 0;
  /** Time of the latest event. */
  latest = 0;
  end?: RunEnd;
  readonly nodes = new Map<string, NodeView>();
  readonly running = new Set<NodeView>();
  /** How many nodes are in each state. */
  readonly counts: Record<NodeState, number> = {
    pending: 0,
    running: 0,
    succeeded: 0,
    cached: 0,
    failed: 0,
    skipped: 0,
    cancelled: 0,
  };
  /** What concerns no node. */
  readonly log: Log;

  /** @param limits how much of each step's log is kept */
  constructor(private readonly limits: LogLimits) {
    this.log = new Log(limits);
  }

  apply(event: RunEvent): void {
    this.latest = event.time;
    if (this.startedAt === 0) this.startedAt = event.time;
    switch (event.type) {
      case 'run-started':
        Object.assign(this, { run: event.run, app: event.app, version: event.version, parallel: event.parallel });
        this.startedAt = event.time;
        for (const node of event.nodes) this.add(node);
        return;
      case 'node-started': {
        const node = this.node(event.node);
        node.startedAt ??= event.time;
        return this.move(node, 'running');
      }
      case 'node-finished':
        return this.finishNode(event);
      case 'step-started':
        return this.startStep(event);
      case 'step-finished':
        return this.finishStep(event);
      case 'output':
        return this.write(event);
      case 'check':
        return this.check(event);
      case 'message':
        return this.say(event.level, event.text, event.time, event.node, event.step);
      case 'progress':
        return this.place(event.node, event.step).transfers.update(event, event.time);
      case 'run-finished':
        this.end = event;
        return;
      case 'resource':
      case 'question':
      case 'answered':
    }
  }

  /** The step of a node, or the node where no step is named. */
  place(node: string, step?: string): StepView | NodeView {
    return step === undefined ? this.node(node) : this.stepOf(node, step);
  }

  /** A step of a node. */
  stepOf(node: string, step: string): StepView {
    return this.step(this.node(node), step);
  }

  /** A node; made where no event announced it, so that part of a run can be shown as well. */
  node(id: string): NodeView {
    return this.nodes.get(id) ?? this.add({ id, kind: 'build', use: '', dependsOn: [], steps: [] });
  }

  private add(summary: NodeSummary): NodeView {
    const node: NodeView = {
      id: summary.id,
      kind: summary.kind,
      use: summary.use,
      dependsOn: summary.dependsOn,
      steps: new Map(),
      state: 'pending',
      checks: [],
      ...this.records(),
    };
    for (const { id, use } of summary.steps) this.step(node, id, use);
    if (!this.nodes.has(node.id)) this.counts.pending += 1;
    this.nodes.set(node.id, node);
    return node;
  }

  private step(node: NodeView, id: string, use = ''): StepView {
    const known = node.steps.get(id);
    if (known) return known;
    const step: StepView = { id, use, state: 'pending', attempt: 0, ...this.records() };
    node.steps.set(id, step);
    return step;
  }

  private records(): { log: Log; transfers: Transfers; splitter: LineSplitter } {
    return { log: new Log(this.limits), transfers: new Transfers(), splitter: new LineSplitter() };
  }

  private move(node: NodeView, state: NodeState): void {
    this.counts[node.state] -= 1;
    this.counts[state] += 1;
    node.state = state;
    if (state === 'running') this.running.add(node);
    else this.running.delete(node);
  }

  private finishNode({
    node: id,
    time,
    type: _type,
    seq: _seq,
    ...result
  }: RunEvent & { type: 'node-finished' }): void {
    const node = this.node(id);
    node.result = { id, ...result };
    node.finishedAt = time;
    node.checks = result.checks ?? node.checks;
    this.settle(node, time);
    this.move(node, result.state);
  }

  private startStep(event: RunEvent & { type: 'step-started' }): void {
    const node = this.node(event.node);
    node.checks = [];
    const step = this.step(node, event.step, event.use);
    step.firstStartedAt ??= event.time;
    Object.assign(step, { state: 'running', attempt: event.attempt, startedAt: event.time, error: undefined });
    delete step.duration;
  }

  private finishStep(event: RunEvent & { type: 'step-finished' }): void {
    const step = this.step(this.node(event.node), event.step);
    Object.assign(step, { state: event.state, duration: event.duration, finishedAt: event.time, error: event.error });
    this.settle(step, event.time);
  }

  private settle(place: StepView | NodeView, time: number): void {
    for (const { text, stream } of place.splitter.flush()) place.log.add({ text, kind: stream, time });
    place.transfers.clear();
  }

  private write({ node, step, text, stream, time }: RunEvent & { type: 'output' }): void {
    const place = this.place(node, step);
    for (const line of place.splitter.push(text, stream)) place.log.add({ text: line, kind: stream, time });
  }

  private check({ node, step, time, name, state, wrong, output }: RunEvent & { type: 'check' }): void {
    const view = this.node(node);
    view.checks = [...view.checks, { name, state, wrong, output }];
    const kind = state === 'failed' ? 'stderr' : 'stdout';
    this.stepOf(node, step).log.add({ text: checkLine({ name, state, wrong }), kind, time });
  }

  private say(kind: LineKind, text: string, time: number, node?: string, step?: string): void {
    // Before the run starts, what earlier runs left is cleaned up: their nodes are none of this run.
    const log = node === undefined || !this.nodes.has(node) ? this.log : this.place(node, step).log;
    for (const line of plainLines(text)) log.add({ text: line, kind, time });
  }
}

/** A check in one line, as logs have it: `ok      port 80/tcp`. */
export function checkLine({ name, state, wrong }: CheckResult): string {
  const word = { passed: 'ok', failed: 'failed', skipped: 'skipped' }[state].padEnd(7);
  return plainLine(`${word} ${name}${wrong.length > 0 ? `: ${wrong.join(', ')}` : ''}`.replaceAll('\n', ' '));
}

/** Whether a line belongs to a tail: not what was printed above the tree already, warnings and what a node says itself. */
export function isTail({ kind }: LogLine, place: NodeView | StepView): boolean {
  return kind === 'stdout' || kind === 'stderr' || (kind === 'info' && 'attempt' in place);
}

/** A step as it reads below its node: its id without the path that both share. */
export function stepName(node: string, { id, use }: { readonly id: string; readonly use: string }): string {
  // A node that is one step: what it does says more than its name again.
  if (id === node && use !== '') return use;
  if (id.startsWith(`${node}/`)) return id.slice(node.length + 1);
  if (`${node}/`.startsWith(`${id}/`)) return id.slice(id.lastIndexOf('/') + 1);
  const image = node.slice(0, node.lastIndexOf('/') + 1);
  return image !== '' && id.startsWith(image) ? id.slice(image.length) : id;
}
