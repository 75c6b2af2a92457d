import type { Plan, PlanNode } from '../plan/schema';

interface Edge {
  readonly from: string;
  readonly to: string;
  /** `from` where one image is built on the other; `after` where only the order matters. */
  readonly label?: 'from' | 'after';
}

/** A plan as a mermaid flowchart: https://mermaid.js.org/syntax/flowchart.html. */
export function toMermaid({ nodes }: Pick<Plan, 'nodes'>): string {
  const names = namesOf(nodes);
  const shapes = { build: ['["', '"]'], verify: ['{{"', '"}}'], process: ['(["', '"])'] } as const;
  const lines = nodes.map((node) => {
    const [open, close] = shapes[node.kind];
    return `  ${names.get(node.id)}${open}${mermaidText(node.id)}<br>${mermaidText(useOf(node))}${close}`;
  });
  for (const { from, to, label } of edgesOf(nodes)) {
    const arrow = label === 'after' ? '-.->' : '-->';
    lines.push(`  ${names.get(from)} ${arrow}${label === undefined ? '' : `|${label}|`} ${names.get(to)}`);
  }
  return ['flowchart LR', ...lines, ''].join('\n');
}

/** A plan in Graphviz' language: https://graphviz.org/doc/info/lang.html. */
export function toDot({ nodes, app }: Pick<Plan, 'nodes' | 'app'>): string {
  const shapes = { build: 'box', verify: 'hexagon', process: 'ellipse' } as const;
  const lines = nodes.map(
    (node) => `  ${dotText(node.id)} [label=${dotText(`${node.id}\n${useOf(node)}`)}, shape=${shapes[node.kind]}];`,
  );
  for (const { from, to, label } of edgesOf(nodes)) {
    const style = label === 'after' ? ', style=dashed' : '';
    lines.push(`  ${dotText(from)} -> ${dotText(to)}${label === undefined ? '' : ` [label=${label}${style}]`};`);
  }
  return [`digraph ${dotText(app)} {`, '  rankdir=LR;', '  node [fontname="sans-serif"];', ...lines, '}', ''].join(
    '\n',
  );
}

function useOf(node: PlanNode): string {
  return node.kind === 'build' ? node.source.use : node.step.use;
}

function edgesOf(nodes: readonly PlanNode[]): Edge[] {
  const known = new Set(nodes.map(({ id }) => id));
  return nodes.flatMap((node) => {
    const base =
      node.kind === 'build' && node.source.base && '$artifact' in node.source.base
        ? node.source.base.$artifact
        : undefined;
    const needs = node.dependsOn.map((from): Edge => ({
      from,
      to: node.id,
      ...(from === base && { label: 'from' as const }),
    }));
    const after = (node.after ?? []).map((from): Edge => ({ from, to: node.id, label: 'after' }));
    return [...needs, ...after].filter(({ from }) => known.has(from));
  });
}

/** Short names, since ids hold characters that mermaid gives a meaning. */
function namesOf(nodes: readonly PlanNode[]): ReadonlyMap<string, string> {
  return new Map(nodes.map(({ id }, index) => [id, `n${index + 1}`]));
}

/** Mermaid's entities: a number sign, the code point, a semicolon. */
function mermaidText(text: string): string {
  return text.replace(/[^A-Za-z0-9 ./_@:-]/gu, (character) => `#${character.codePointAt(0)};`);
}

function dotText(text: string): string {
  const escaped = text.replace(/["\\]/g, '\\$&').replace(/\n/g, '\\n');
  return `"${escaped}"`;
}
