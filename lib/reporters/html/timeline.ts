import type { NodeView, StepView } from '../run-state';
import { stepName } from '../run-state';
import { STATE_WORDS } from '../theme';
import { formatDuration } from '../units';
import { markup, type Content, type Markup } from './markup';
import type { RunRecord } from './run-record';

/** Distances of the lines of a time axis, in milliseconds. */
const TICKS = [
  100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3, 900e3, 1800e3, 3600e3, 7200e3, 14400e3,
  86400e3,
];
const MOST_TICKS = 6;
/** With so few nodes their steps are shown at once. */
const FEW = 6;

/** Who ran when: a row for each node that ran, its steps below it. */
export function timelineSection({ state, endedAt }: RunRecord): Content {
  const ran = [...state.nodes.values()]
    .filter(({ startedAt, state }) => startedAt !== undefined && state !== 'cached')
    .sort((a, b) => a.startedAt! - b.startedAt!);
  if (ran.length === 0) return undefined;
  const scale: Scale = { start: state.startedAt, span: Math.max(1, endedAt - state.startedAt) };
  const open = ran.length <= FEW;
  return markup`<section id="timeline">
    <h2>Timeline</h2>
    <div class="gantt">
      <div class="row axis"><span></span>${axis(scale)}<span></span></div>
      ${ran.map((node) => nodeRow(node, scale, endedAt, open))}
    </div>
  </section> `;
}

interface Scale {
  readonly start: number;
  readonly span: number;
}

function nodeRow(node: NodeView, scale: Scale, end: number, open: boolean): Markup {
  const steps = [...node.steps.values()].filter(({ firstStartedAt }) => firstStartedAt !== undefined);
  const finished = node.finishedAt ?? end;
  const bars = [bar(scale, node.startedAt!, finished, 'whole', node.state, `${node.id}: ${STATE_WORDS[node.state]}`)];
  const row = markup`
    <span class="label"><b>${node.id}</b></span>
    ${track(scale, bars)}
    <span class="time">${formatDuration(finished - node.startedAt!)}</span>`;
  if (steps.length === 0) return markup`<div class="row">${row}</div> `;
  return markup`<details${open && markup` open`}>
    <summary class="row">${row}</summary>
    ${steps.map((step) => stepRow(node, step, scale, end))}
  </details> `;
}

function stepRow(node: NodeView, step: StepView, scale: Scale, end: number): Markup {
  const name = stepName(node.id, step);
  const finished = step.finishedAt ?? end;
  const again = step.attempt > 1 && markup`<i class="note"> ${step.attempt} attempts</i>`;
  const bars = [bar(scale, step.firstStartedAt!, finished, 'part', step.state, `${name}: ${step.state}`)];
  return markup`<div class="row step">
    <span class="label">${name}${again}</span>
    ${track(scale, bars)}
    <span class="time">${formatDuration(finished - step.firstStartedAt!)}</span>
  </div> `;
}

function track(scale: Scale, bars: readonly Markup[]): Markup {
  const lines = ticks(scale).map(
    (time) => markup`<line x1="${percent(time, scale)}" x2="${percent(time, scale)}" y1="0" y2="100%"/>`,
  );
  return markup`<svg class="track" height="20" aria-hidden="true">${lines}${bars}</svg>`;
}

function bar(scale: Scale, from: number, to: number, kind: string, state: string, label: string): Markup {
  const width = `${(Math.max(0, to - from) * 100) / scale.span}%`;
  // What was over at once is still to be seen: a line of its own marks where it began.
  const x = percent(from - scale.start, scale);
  return markup`<g class="bar ${kind} ${state}">
    <title>${label}</title>
    <rect fill="gray" x="${x}" width="${width}" y="25%" height="50%" rx="2"/>
    <line stroke="gray" x1="${x}" x2="${x}" y1="25%" y2="75%"/>
  </g>`;
}

function axis(scale: Scale): Markup {
  const labels = ticks(scale).map((time, index) => {
    const anchor = index === 0 ? 'start' : 'middle';
    const label = time === 0 ? '0' : tickLabel(time);
    return markup`<text x="${percent(time, scale)}" y="12" text-anchor="${anchor}">${label}</text>`;
  });
  return markup`<svg class="ticks" height="20" aria-hidden="true">${labels}</svg>`;
}

function ticks({ span }: Scale): number[] {
  const distance = TICKS.find((step) => span / step <= MOST_TICKS) ?? span / MOST_TICKS;
  const times: number[] = [];
  // A label at the very edge would be cut off.
  for (let time = 0; time <= span * 0.97; time += distance) times.push(time);
  return times;
}

function tickLabel(ms: number): string {
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(1))}s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)}m${ms % 60_000 === 0 ? '' : ` ${(ms % 60_000) / 1000}s`}`;
  return `${Number((ms / 3_600_000).toFixed(1))}h`;
}

function percent(time: number, { span }: Scale): string {
  return `${Number(((time * 100) / span).toFixed(3))}%`;
}
