import type { FrameLine, TerminalSize } from './live-area';
import { isTail, stepName, type NodeView, type RunState, type StepView } from './run-state';
import { spanLine, type Span } from './spans';
import { padEnd, plainLine, widthOf } from './text';
import { SPINNER, STATE_WORDS, type Theme } from './theme';
import { transferSpans } from './transfer-bar';
import { counted, formatAge, formatDuration } from './units';

/** What a frame is drawn for. */
export interface TreeOptions extends TerminalSize {
  readonly theme: Theme;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** How much of the run a frame shows. */
interface Detail {
  /** Whether nodes that are done, and those that wait, have a line each. */
  readonly idle: boolean;
  /** Whether all steps of a running build have a line each. */
  readonly steps: boolean;
  /** Last lines of each running step. */
  readonly tail: number;
}

/** From the richest to the poorest: the first that fits the terminal is taken. */
const DETAILS: readonly Detail[] = [
  { idle: true, steps: true, tail: 5 },
  { idle: true, steps: true, tail: 3 },
  { idle: true, steps: false, tail: 3 },
  { idle: false, steps: true, tail: 3 },
  { idle: false, steps: false, tail: 3 },
  { idle: false, steps: false, tail: 1 },
];

/**
 * The run as it stands: its nodes, the steps of those that run, the last lines of each running step, its transfers,
 * and a line of totals. Never more lines than the terminal has, less one for the cursor.
 */
export function treeLines(state: RunState, options: TreeOptions): FrameLine[] {
  const room = options.rows - 1;
  if (room < 1) return [];
  const footer = footerLine(state, options);
  for (const detail of DETAILS) {
    if (detail.idle && state.nodes.size >= room) continue;
    const lines = nodesLines(state, options, detail);
    if (lines.length < room) return [...lines, footer];
  }
  const short = [...state.running].map((node) => shortLine(node, options));
  if (short.length < room) return [...short, footer];
  if (room < 3) return [footer];
  const hidden = short.length - (room - 2);
  return [
    ...short.slice(0, room - 2),
    spanLine(options.columns, [[`  … and ${counted(hidden, 'more build')} under way`, options.theme.dim]]),
    footer,
  ];
}

function nodesLines(state: RunState, options: TreeOptions, detail: Detail): FrameLine[] {
  const nodes = detail.idle ? state.nodes.values() : state.running;
  return [...nodes].flatMap((node) =>
    node.state === 'running' ? runningLines(node, options, detail) : [idleLine(node, state, options)],
  );
}

function runningLines(node: NodeView, options: TreeOptions, { steps, tail }: Detail): FrameLine[] {
  const all = [...node.steps.values()];
  const head = spanLine(
    options.columns,
    [...title(node, options), [` ${node.use}`, options.theme.dim]],
    elapsed(node, options),
  );
  const body = all.flatMap((step) => {
    if (step.state === 'running') return [stepLine(node, step, options), ...inside(step, options, tail)];
    return steps && step.state !== 'pending' && step.state !== 'skipped' ? [stepLine(node, step, options)] : [];
  });
  const waiting = all.filter((step) => step.state === 'pending').length;
  if (steps && waiting > 0)
    body.push(spanLine(options.columns, [[`  · ${counted(waiting, 'more step')}`, options.theme.dim]]));
  return [head, ...body, ...inside(node, options, tail)];
}

function stepLine(node: NodeView, step: StepView, options: TreeOptions): FrameLine {
  const { theme } = options;
  const running = step.state === 'running';
  const name = stepName(node.id, step);
  const spans: Span[] = [
    ['  '],
    [sign(step, options), theme.paint[step.state]],
    [` ${name}`, running ? undefined : theme.dim],
  ];
  if (step.state === 'cached') spans.push([' cached', theme.reused]);
  if (step.attempt > 1) spans.push([` attempt ${step.attempt}`, theme.warn]);
  return spanLine(options.columns, spans, elapsed(step, options));
}

/** Below a running step: its transfers, then the last lines it printed. */
function inside(place: StepView | NodeView, options: TreeOptions, tail: number): FrameLine[] {
  const transfers = place.transfers.unfinished.slice(0, Math.max(1, tail));
  const partial = place.splitter.partial('stdout');
  const printed = place.log.ending(tail).flatMap((line) => (isTail(line, place) ? [line.text] : []));
  const lines = (partial === '' ? printed : [...printed, partial]).slice(-tail).filter((text) => text.trim() !== '');
  return [
    ...transfers.map((transfer) =>
      spanLine(options.columns, [['    '], ...transferSpans(transfer, options.columns - 4, options.theme)]),
    ),
    ...lines.map((text) => spanLine(options.columns, [[`    │ ${text}`, options.theme.dim]])),
  ];
}

function idleLine(node: NodeView, state: RunState, options: TreeOptions): FrameLine {
  const { theme, now } = options;
  const { result } = node;
  const spans = title(node, options, idWidth(state));
  if (node.state === 'pending') {
    const open = node.dependsOn.filter(
      (id) => state.nodes.get(id)?.state !== 'succeeded' && state.nodes.get(id)?.state !== 'cached',
    );
    spans.push([open.length > 0 ? ` waits for ${open.join(', ')}` : ' waits for its turn', theme.dim]);
    return spanLine(options.columns, spans);
  }
  spans.push([` ${STATE_WORDS[node.state]}`, theme.paint[node.state]]);
  if (result?.cache) spans.push([`, built ${formatAge(now - result.cache.builtAt)}`, theme.dim]);
  if (result?.because?.length) spans.push([` because of ${result.because.join(', ')}`, theme.dim]);
  return spanLine(
    options.columns,
    spans,
    node.state === 'cached' || node.state === 'skipped' ? undefined : formatDuration(result?.duration ?? 0),
  );
}

/** A whole running build in one line: its step, and the last thing that it printed. */
function shortLine(node: NodeView, options: TreeOptions): FrameLine {
  const step = [...node.steps.values()].find(({ state }) => state === 'running');
  const spans = title(node, options);
  if (step) spans.push([` ${stepName(node.id, step)}`, options.theme.busy]);
  const last = (step ?? node).log.ending(1)[0]?.text;
  if (last !== undefined) spans.push([` ${last}`, options.theme.dim]);
  return spanLine(options.columns, spans, elapsed(node, options));
}

/** Ids in one column, as long as that leaves room for what follows. */
function idWidth({ nodes }: RunState): number {
  return Math.min(32, Math.max(...[...nodes.keys()].map(widthOf)));
}

function title(node: NodeView, options: TreeOptions, width = 0): Span[] {
  const { theme } = options;
  return [
    [sign(node, options), theme.paint[node.state]],
    [` ${padEnd(plainLine(node.id), width)}`, node.state === 'pending' ? theme.dim : theme.bold],
  ];
}

function sign({ state }: { readonly state: (NodeView | StepView)['state'] }, { theme, now }: TreeOptions): string {
  return state === 'running' ? SPINNER[Math.floor(now / 100) % SPINNER.length]! : theme.sign[state];
}

function elapsed({ startedAt, ...place }: NodeView | StepView, { now }: TreeOptions): string | undefined {
  if ('duration' in place && place.duration !== undefined) return formatDuration(place.duration);
  return startedAt === undefined ? undefined : formatDuration(now - startedAt);
}

function footerLine(state: RunState, options: TreeOptions): FrameLine {
  const { theme } = options;
  const { counts } = state;
  const order = ['running', 'succeeded', 'cached', 'failed', 'cancelled', 'skipped', 'pending'] as const;
  const parts = order
    .filter((name) => counts[name] > 0)
    .map((name): Span => [`${counts[name]} ${STATE_WORDS[name]}`, theme.paint[name]]);
  const spans = parts.flatMap((part, index): Span[] => (index === 0 ? [part] : [[' · ', theme.dim], part]));
  return spanLine(options.columns, spans, formatDuration(options.now - state.startedAt));
}
