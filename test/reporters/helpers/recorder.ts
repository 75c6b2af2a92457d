import type { NodeResult, NodeSummary, RunEvent, RunEventBody, StepState } from '../../../lib/engine/events';
import type { Problem } from '../../../lib/errors';
import type { Artifact } from '../../../lib/extension/artifact';

/** Events as the engine numbers and times them: time stands still but for {@link Recorder.wait}. */
export class Recorder {
  readonly events: RunEvent[] = [];
  now = Date.UTC(2026, 10, 22, 4, 5, 6);
  onEvent: (event: RunEvent) => void = () => undefined;
  onWait: (ms: number) => void = () => undefined;
  private readonly begun = new Map<string, number>();
  private readonly results: NodeResult[] = [];
  private readonly first = this.now;

  constructor(private readonly nodes: readonly NodeSummary[] = []) {}

  emit(body: RunEventBody): this {
    const event: RunEvent = { seq: this.events.length + 1, time: this.now, ...body };
    this.events.push(event);
    this.onEvent(event);
    return this;
  }

  wait(ms: number): this {
    this.now += ms;
    this.onWait(ms);
    return this;
  }

  start(): this {
    return this.emit({
      type: 'run-started',
      run: '20261122-040506-k3x9',
      app: 'acme-images',
      version: '1.2.3',
      nodes: this.nodes,
      parallel: 4,
    });
  }

  node(node: string): this {
    this.begun.set(node, this.now);
    return this.emit({ type: 'node-started', node });
  }

  step(node: string, step: string, use = 'shell', attempt = 1): this {
    this.begun.set(`${node} ${step}`, this.now);
    return this.emit({ type: 'step-started', node, step, use, attempt });
  }

  stepEnd(node: string, step: string, state: StepState = 'succeeded', error?: Problem): this {
    const duration = this.now - (this.begun.get(`${node} ${step}`) ?? this.now);
    return this.emit({ type: 'step-finished', node, step, state, duration, error });
  }

  nodeEnd(node: string, result: Partial<NodeResult> = {}): this {
    const all: NodeResult = {
      id: node,
      state: 'succeeded',
      duration: this.now - (this.begun.get(node) ?? this.now),
      ...result,
    };
    this.results.push(all);
    const { id: _id, ...body } = all;
    return this.emit({ type: 'node-finished', node, ...body });
  }

  out(node: string, step: string | undefined, text: string, stream: 'stdout' | 'stderr' = 'stdout'): this {
    return this.emit({ type: 'output', node, step, stream, text });
  }

  finish(
    status: 'succeeded' | 'failed' | 'cancelled' = 'succeeded',
    left: (RunEvent & { type: 'run-finished' })['left'] = [],
  ): this {
    return this.emit({ type: 'run-finished', status, duration: this.now - this.first, nodes: this.results, left });
  }
}

/** A build node with the engine's own steps around the given ones. */
export function build(id: string, steps: readonly string[] = [], dependsOn: readonly string[] = []): NodeSummary {
  const image = id.slice(0, id.indexOf('/'));
  const inner = steps.map((step) => ({ id: `${image}/${step}`, use: 'shell' }));
  return {
    id,
    kind: 'build',
    use: id.endsWith('Docker') ? 'docker' : 'sandbox',
    dependsOn,
    steps: [engine('launch'), ...inner, engine('capture')],
  };
}

function engine(name: string): { id: string; use: string } {
  return { id: name, use: name };
}

/** An artifact as Docker's commit makes it. */
export function artifact(digit: string, over: Partial<Artifact> = {}): Artifact {
  return {
    use: 'docker',
    kind: 'docker-image',
    id: `sha256:${digit.repeat(64)}`,
    files: [],
    resources: [],
    outputs: {},
    ...over,
  };
}
