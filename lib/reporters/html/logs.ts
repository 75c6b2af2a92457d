import type { CheckResult } from '../../extension/check';
import type { Log, LogLine } from '../log';
import { stepName, type NodeView, type StepView } from '../run-state';
import { plainLines } from '../text';
import { STATE_WORDS } from '../theme';
import { counted, formatAge, formatDuration } from '../units';
import { anchor } from './graph-svg';
import { markup, prose, type Content, type Markup } from './markup';
import { placesOf, type RunRecord } from './run-record';

/** What the verifications looked at, with what they said. */
export function checksSection({ state }: RunRecord): Content {
  const checks = [...state.nodes.values()].filter(({ kind }) => kind === 'verify');
  if (checks.length === 0) return undefined;
  return markup`<section id="checks">
    <h2>Checks</h2>
    ${checks.map(check)}
  </section> `;
}

function check(node: NodeView): Markup {
  // A verification of somebody's own may only print.
  const lines = node.checks.length > 0 ? [] : placesOf(node).flatMap(({ log }) => [...log.first, ...log.last]);
  const of = node.dependsOn.length > 0 && markup` <span class="quiet">of ${node.dependsOn.join(', ')}</span>`;
  return markup`<div class="check">
    <h3>
      <span class="dot ${node.state}"></span><a href="#${anchor(node.id)}">${node.id}</a>${of}
      <span class="word ${node.state}">${node.state === 'succeeded' ? 'passed' : STATE_WORDS[node.state]}</span>
      ${node.checks.length > 0 && markup` <span class="quiet">${countOf(node.checks)}</span>`}
    </h3>
    ${node.checks.length > 0 && markup`<ul class="results">${node.checks.map(resultItem)}</ul>`}
    ${lines.length > 0 && markup`<pre class="log">${lines.slice(0, 40).map(lineOf)}</pre>`}
  </div> `;
}

/** One check, and what is wrong with it. */
function resultItem({ name, state, wrong, output }: CheckResult): Markup {
  const dot = { passed: 'succeeded', failed: 'failed', skipped: 'skipped' }[state];
  return markup`<li class="${state}">
    <span class="dot ${dot}"></span>${prose(name)}${wrong.length > 0 && markup`: <b>${wrong.join(', ')}</b>`}${state === 'skipped' && markup` <span class="quiet">skipped</span>`}
    ${output !== undefined && output !== '' && markup`<pre class="log">${plainLines(output).join('\n')}</pre>`}
  </li> `;
}

/** How many of the checks went well. */
function countOf(checks: readonly CheckResult[]): string {
  const ran = checks.filter(({ state }) => state !== 'skipped');
  const good = ran.filter(({ state }) => state === 'passed').length;
  return good === ran.length ? counted(good, 'check') : `${good} of ${counted(ran.length, 'check')} passed`;
}

/** Every node with its steps, each step with its log. */
export function logsSection({ state }: RunRecord): Content {
  if (state.nodes.size === 0) return undefined;
  return markup`<section id="logs">
    <div class="head">
      <h2>Nodes and logs</h2>
      <input id="search" type="search" placeholder="Search all logs" aria-label="Search all logs" hidden>
      <output id="hits"></output>
    </div>
    ${[...state.nodes.values()].map(nodeDetails)}
    ${state.log.count > 0 && markup`<h3>The run itself</h3> ${logOf(state.log)}`}
  </section> `;
}

function nodeDetails(node: NodeView): Markup {
  const { result } = node;
  const places = placesOf(node).filter((place) => place === node || ('attempt' in place && place.state !== 'pending'));
  const time = node.startedAt !== undefined && result !== undefined && formatDuration(result.duration);
  const head = markup`<span class="dot ${node.state}"></span><b>${node.id}</b> <span class="quiet">${node.use}</span>
    <span class="word ${node.state}">${STATE_WORDS[node.state]}</span> <span class="time">${time}</span>`;
  const note = noteOf(node);
  const id = anchor(node.id);
  if (note === undefined && places.length === 0) return markup`<div class="node plain" id="${id}">${head}</div> `;
  const failed = node.state === 'failed' || node.state === 'running';
  return markup`<details class="node" id="${id}"${failed && markup` open`}>
    <summary>${head}</summary>
    ${note}${places.map((place) => placeDetails(node, place))}
  </details> `;
}

function noteOf({ state, result, dependsOn, startedAt, finishedAt }: NodeView): Content {
  if (result?.cache)
    return markup`<p class="note">
      Built ${formatAge((finishedAt ?? result.cache.builtAt) - result.cache.builtAt)}; nothing was launched. To refresh:
      <code>${result.cache.refresh}</code>
    </p>`;
  if (state === 'skipped')
    return markup`<p class="note">Skipped because of ${(result?.because ?? dependsOn).join(', ')}.</p>`;
  if (state === 'pending') return markup`<p class="note">Never began.</p>`;
  if (startedAt === undefined && result?.error) return markup`<p class="note">${result.error.message}</p>`;
  return undefined;
}

function placeDetails(node: NodeView, place: NodeView | StepView): Markup {
  const own = place === node;
  const name = own ? 'in no step' : stepName(node.id, place);
  const step = 'attempt' in place ? place : undefined;
  const again = step !== undefined && step.attempt > 1 && markup` <span class="quiet">${step.attempt} attempts</span>`;
  const use = step !== undefined && step.use !== name && markup` <span class="quiet">${step.use}</span>`;
  const count = place.log.count > 0 && counted(place.log.count, 'line');
  const time = step?.duration !== undefined && step.state !== 'skipped' && formatDuration(step.duration);
  const word =
    step !== undefined && step.state !== 'succeeded' && markup`<span class="word ${step.state}">${step.state}</span>`;
  const head = markup`<span class="dot ${step?.state ?? 'none'}"></span>${name}${use}${again} ${word}
    <span class="lines">${count}</span> <span class="time">${time}</span>`;
  if (place.log.count === 0) return markup`<div class="step plain">${head}</div> `;
  const open = step?.state === 'failed' || step?.state === 'running';
  return markup`<details class="step"${open && markup` open`}>
    <summary>${head}</summary>
    ${logOf(place.log)}
  </details> `;
}

function logOf(log: Log): Markup {
  const gap = log.omitted > 0 && markup`<span class="gap">… ${counted(log.omitted, 'line')} left out here …\n</span>`;
  return markup`<pre class="log">${log.first.map(lineOf)}${gap}${log.last.map(lineOf)}</pre>`;
}

/** Only lines that are no plain output get an element of their own: logs are long. */
function lineOf({ text, kind }: LogLine): Markup {
  return kind === 'stdout' ? markup`${text}\n` : markup`<span class="${kind}">${text}\n</span>`;
}
