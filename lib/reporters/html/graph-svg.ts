import type { RunState } from '../run-state';
import { truncate, widthOf } from '../text';
import { STATE_WORDS } from '../theme';
import { formatDuration } from '../units';
import { layOut, type Placed, type PlacedEdge } from './layout';
import { markup, type Content, type Markup } from './markup';
import type { RunRecord } from './run-record';

const NODE = 46;
const MARGIN = 2;
/** Cells of a name, and about how wide one is at the size the style sheet sets. */
const LONGEST = 34;
const CELL = 8.6;
/** More nodes than anybody could look at. */
const MOST = 250;

/** The graph of a run, drawn from left to right. */
export function graphSection({ state }: RunRecord): Content {
  if (state.nodes.size === 0) return undefined;
  if (state.nodes.size > MOST) {
    return section(
      markup`<p class="note">
        The graph of ${state.nodes.size} nodes is too large to draw here: <code>goldsmith graph</code> writes it out.
      </p>`,
    );
  }
  const nodes = [...state.nodes.values()].map(({ id, dependsOn, use, kind }) => {
    const cells = Math.max(widthOf(truncate(id, LONGEST)), widthOf(`${subtitle(use, kind)} · 00m 00s`) * 0.86);
    return { id, dependsOn, width: Math.round(cells * CELL) + 40 };
  });
  const drawing = layOut(nodes, { node: NODE, gap: 14, column: 56 });
  const width = drawing.width + 2 * MARGIN;
  const height = drawing.height + 2 * MARGIN;
  return section(
    markup`<div class="scroll" tabindex="0" role="region" aria-label="Graph of images">
      <svg
        class="graph"
        width="${width}"
        height="${height}"
        viewBox="${-MARGIN} ${-MARGIN} ${width} ${height}"
        role="img"
        aria-label="What was built, and what it was built from"
      >
        ${drawing.edges.map(edge)}${drawing.nodes.map((placed) => node(placed, state))}
      </svg>
    </div>`,
  );
}

function section(content: Markup): Markup {
  return markup`<section id="graph">
    <h2>Graph</h2>
    ${content}
  </section> `;
}

function edge({ points }: PlacedEdge): Markup {
  const [[x, y], ...rest] = points as [readonly [number, number], ...(readonly [number, number])[]];
  let path = `M${x} ${y}`;
  let last = points[0]!;
  for (const point of rest) {
    const middle = (last[0] + point[0]) / 2;
    path +=
      last[1] === point[1] ? `H${point[0]}` : `C${middle} ${last[1]} ${middle} ${point[1]} ${point[0]} ${point[1]}`;
    last = point;
  }
  // The attributes are for readers whose policy forbids even the style sheet.
  return markup`<path class="edge" fill="none" stroke="gray" d="${path}"/>`;
}

function node({ id, x, y, width }: Placed, state: RunState): Markup {
  const view = state.nodes.get(id)!;
  const top = y - NODE / 2;
  const word = STATE_WORDS[view.state];
  const time =
    view.state === 'succeeded' || view.state === 'failed' ? formatDuration(view.result?.duration ?? 0) : word;
  return markup`
    <a href="#${anchor(id)}"><g class="node ${view.state}">
      <title>${id}: ${word}</title>
      <rect class="box" fill="none" stroke="gray" x="${x}" y="${top}" width="${width}" height="${NODE}" rx="6"/>
      <circle class="mark" fill="gray" cx="${x + 16}" cy="${top + 17}" r="4"/>
      <text class="name" x="${x + 28}" y="${top + 21}">${truncate(id, LONGEST)}</text>
      <text class="sub" x="${x + 28}" y="${top + 37}">${subtitle(view.use, view.kind)} · ${time}</text>
    </g></a>`;
}

function subtitle(use: string, kind: string): string {
  return kind === 'verify' ? 'verification' : use;
}

/** Where a node's log is on the page. */
export function anchor(id: string): string {
  return `node-${id.replace(/[^A-Za-z0-9]/g, (character) => `_${character.codePointAt(0)!.toString(16)}_`)}`;
}
