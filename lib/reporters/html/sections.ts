import type { NodeResult } from '../../engine/events';
import type { Problem } from '../../errors';
import { saysMore } from '../summary';
import { plainLines } from '../text';
import { STATE_WORDS } from '../theme';
import { counted, formatAge, formatBytes, formatDuration, formatTime } from '../units';
import { anchor } from './graph-svg';
import { markup, prose, type Content, type Markup } from './markup';
import type { RunRecord } from './run-record';

/** Name of the app, how the run ended, and its figures. */
export function headerSection({ state, endedAt }: RunRecord): Markup {
  const status = state.end?.status ?? 'unfinished';
  const word = { succeeded: 'Succeeded', failed: 'Failed', cancelled: 'Interrupted', unfinished: 'Broke off' }[status];
  const figures = (['succeeded', 'cached', 'failed', 'cancelled', 'skipped', 'running', 'pending'] as const).filter(
    (name) => state.counts[name] > 0,
  );
  const facts: readonly (readonly [string, string])[] = [
    ['Started', formatTime(state.startedAt)],
    ['Took', formatDuration(state.end?.duration ?? endedAt - state.startedAt)],
    ['At once', state.parallel === 0 ? 'no limit' : String(state.parallel)],
    ['Run', state.run],
    ['goldsmith', state.version],
  ];
  return markup`<header>
    <p class="brand">goldsmith run report</p>
    <h1>${state.app || 'Run'}</h1>
    <p class="status ${status}">
      ${word}
      <span class="figures">
        ${figures.map((name) => markup` <span class="${name}"><b>${state.counts[name]}</b> ${STATE_WORDS[name]}</span>`)}
      </span>
    </p>
    <dl class="facts">
      ${facts.map(
        ([name, value]) =>
          markup`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
  </header> `;
}

/** What went wrong, before anything else. */
export function problemsSection({ state }: RunRecord): Content {
  const failed = [...state.nodes.values()].flatMap(({ id, result }) =>
    result?.error && result.state === 'failed' ? [{ id, error: result.error }] : [],
  );
  if (failed.length === 0) return undefined;
  return markup`<section id="problems">
    <h2>${failed.length === 1 ? 'What went wrong' : `What went wrong, in ${failed.length} nodes`}</h2>
    ${failed.map(({ id, error }) => problemCard(id, error))}
  </section> `;
}

function problemCard(node: string, { code, message, path, source, hint, output }: Problem): Markup {
  const place = [path, source].filter((part) => part !== undefined && part !== node).join(', ');
  return markup`<article class="problem">
    <h3>${prose(message)}</h3>
    <p class="meta">
      <a href="#${anchor(node)}">${node}</a>${place !== '' && markup` <span>${place}</span>`} <code>${code}</code>
    </p>
    ${output !== undefined && output !== '' && markup`<pre class="log">${plainLines(output).join('\n')}</pre>`}
    ${hint !== undefined && markup`<p class="hint">${prose(hint)}</p>`}
  </article> `;
}

/** What was made: everything that people copy from a report. */
export function artifactsSection({ state }: RunRecord): Content {
  const results = resultsOf(state.end?.nodes, state);
  const shown = new Set<string>();
  const made = results.flatMap(({ id, artifact, cache }) => {
    const key = JSON.stringify([artifact?.kind, artifact?.id, artifact?.description]);
    if (!artifact || shown.has(key)) return [];
    shown.add(key);
    const files = artifact.files.map(
      ({ path, size, sha256 }) =>
        markup`<tr class="file">
          <td>${path}</td>
          <td class="number">${formatBytes(size)}</td>
          <td><code>${sha256 === undefined ? '' : `sha256:${sha256}`}</code></td>
        </tr>`,
    );
    return [
      markup`<div class="artifact">
        <h3>
          <a href="#${anchor(id)}">${id}</a>
          <span class="kind">${artifact.kind}</span>${cache && markup` <span class="kind cached">cached</span>`}
        </h3>
        ${artifact.description !== undefined && saysMore(artifact) && markup`<p class="description">${artifact.description}</p>`}
        ${artifact.files[0]?.path !== artifact.id && markup`<p><code class="id">${artifact.id}</code></p>`}
        ${
          files.length > 0 &&
          markup`<div class="scroll">
            <table>
              ${files}
            </table>
          </div>`
        }
      </div> `,
    ];
  });
  return (
    made.length > 0 &&
    markup`<section id="artifacts">
      <h2>Artifacts</h2>
      ${made}
    </section> `
  );
}

/** What was not built since nothing changed, and how to build it anyway. */
export function cachedSection({ state, endedAt }: RunRecord): Content {
  const cached = [...state.nodes.values()].flatMap(({ id, result }) =>
    result?.cache ? [{ id, cache: result.cache }] : [],
  );
  if (cached.length === 0) return undefined;
  const rows = cached.map(
    ({ id, cache }) =>
      markup`<tr>
        <td><a href="#${anchor(id)}">${id}</a></td>
        <td class="quiet">built ${formatAge(endedAt - cache.builtAt)}</td>
        <td class="quiet date">${formatTime(cache.builtAt)}</td>
        <td><code>${cache.refresh}</code></td>
      </tr>`,
  );
  return markup`<section id="cached">
    <h2>Taken from the cache</h2>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Node</th>
            <th>Age</th>
            <th>Built at</th>
            <th>To refresh</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
  </section> `;
}

/** What the run created, and whether it is gone again. */
export function resourcesSection({ state, resources }: RunRecord): Content {
  const left = state.end?.left ?? [];
  if (resources.length === 0 && left.length === 0) return undefined;
  const words: Readonly<Record<string, string>> = {
    creating: 'creation begun',
    created: 'created',
    kept: 'kept',
    destroying: 'deletion begun',
    destroyed: 'deleted',
    leaked: 'could not be deleted',
  };
  const rows = resources.map(
    ({ node, kind, id, phase }) =>
      markup`<tr>
        <td>${node}</td>
        <td>${kind}</td>
        <td><code>${id}</code></td>
        <td class="phase ${phase}">${words[phase]}</td>
      </tr>`,
  );
  const notes = left.map(
    ({ node, kind, id, why, detail }) =>
      markup`<article class="problem ${why}">
        <h3>${kind} ${id} ${why === 'kept' ? 'was kept' : 'could not be deleted'}</h3>
        <p class="meta">${node}</p>
        ${detail !== '' && markup`<pre class="log">${plainLines(detail).join('\n')}</pre>`}
      </article>`,
  );
  const table = markup`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th>Node</th>
          <th>Kind</th>
          <th>Id</th>
          <th>What became of it</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
  const gone = resources.filter(({ phase }) => phase === 'destroyed').length;
  return markup`<section id="resources">
    <h2>${left.length > 0 ? 'Left behind' : 'Resources'}</h2>
    ${notes}
    ${
      rows.length > 0 &&
      markup`<details>
        <summary>${counted(rows.length, 'resource')} created, ${gone} deleted</summary>
        ${table}
      </details>`
    }
  </section> `;
}

function resultsOf(
  nodes: readonly NodeResult[] | undefined,
  { nodes: views }: RunRecord['state'],
): readonly NodeResult[] {
  return nodes ?? [...views.values()].flatMap(({ result }) => (result ? [result] : []));
}
