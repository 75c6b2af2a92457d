/** What the layout needs of a node. */
export interface LayoutNode {
  readonly id: string;
  readonly dependsOn: readonly string[];
  readonly width: number;
}

/** Where a node lies: its left edge and its middle. Nodes of one layer are equally wide. */
export interface Placed {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** A line from one node to another: the points it runs through. */
export interface PlacedEdge {
  readonly from: string;
  readonly to: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** A drawing: all its coordinates are positive. */
export interface Layout {
  readonly nodes: readonly Placed[];
  readonly edges: readonly PlacedEdge[];
  readonly width: number;
  readonly height: number;
}

/** Measures of a drawing. */
export interface Spacing {
  /** Height of a node. */
  readonly node: number;
  /** Between two nodes of a layer. */
  readonly gap: number;
  /** Between two layers. */
  readonly column: number;
}

/** A node, or the place where a long edge passes a layer. */
interface Vertex {
  readonly id: string | undefined;
  readonly layer: number;
  readonly width: number;
  readonly height: number;
  readonly before: Vertex[];
  readonly after: Vertex[];
  y: number;
}

const SWEEPS = 8;

/**
 * Draws a graph in layers from left to right, each node right of all it depends on (after Sugiyama, Tagawa and Toda,
 * "Methods for visual understanding of hierarchical system structures", 1981): layers by longest path, order by
 * the barycentre of neighbours, long edges led through the layers they pass.
 */
export function layOut(nodes: readonly LayoutNode[], spacing: Spacing): Layout {
  const { layers, vertices, chains } = arrange(nodes, spacing);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) order(layers, sweep % 2 === 0);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) place(layers, spacing, sweep % 2 === 0);
  const top = Math.min(0, ...layers.flat().map(({ y, height }) => y - height / 2));
  for (const vertex of layers.flat()) vertex.y = Math.round(vertex.y - top);
  const columns = columnsOf(layers, spacing);
  const placed = nodes.map(({ id }): Placed => {
    const { layer, y } = vertices.get(id)!;
    return { id, ...columns[layer]!, y };
  });
  return {
    nodes: placed,
    edges: chains.map(({ from, to, via }) => ({ from, to, points: pointsOf(via, columns) })),
    width: Math.max(0, ...columns.map(({ x, width }) => x + width)),
    height: Math.max(0, ...layers.flat().map(({ y, height }) => y + height / 2)),
  };
}

interface Arranged {
  readonly layers: Vertex[][];
  readonly vertices: Map<string, Vertex>;
  readonly chains: { readonly from: string; readonly to: string; readonly via: Vertex[] }[];
}

function arrange(nodes: readonly LayoutNode[], spacing: Spacing): Arranged {
  const depth = depths(nodes);
  const layers: Vertex[][] = [];
  const add = (layer: number, id?: string, width = 0): Vertex => {
    const height = id === undefined ? spacing.gap : spacing.node;
    const vertex: Vertex = { id, layer, width, height, before: [], after: [], y: 0 };
    while (layers.length <= layer) layers.push([]);
    layers[layer]!.push(vertex);
    return vertex;
  };
  const vertices = new Map(nodes.map(({ id, width }) => [id, add(depth.get(id)!, id, width)]));
  const chains = nodes.flatMap(({ id: to, dependsOn }) =>
    dependsOn.flatMap((from) => {
      const start = vertices.get(from);
      const end = vertices.get(to)!;
      if (!start || start.layer >= end.layer) return [];
      const via = [start];
      for (let layer = start.layer + 1; layer < end.layer; layer += 1) via.push(add(layer));
      via.push(end);
      for (const [index, vertex] of via.slice(1).entries()) {
        via[index]!.after.push(vertex);
        vertex.before.push(via[index]!);
      }
      return [{ from, to, via }];
    }),
  );
  return { layers, vertices, chains };
}

/** Layer of each node: one more than the deepest it depends on. Nodes of a circle, which no plan has, end up anywhere. */
function depths(nodes: readonly LayoutNode[]): Map<string, number> {
  const depth = new Map(nodes.map(({ id }) => [id, 0]));
  for (let round = 0, changed = true; changed && round < nodes.length; round += 1) {
    changed = false;
    for (const { id, dependsOn } of nodes) {
      const wanted = Math.max(0, ...dependsOn.map((from) => (depth.get(from) ?? -1) + 1));
      changed ||= wanted !== depth.get(id);
      depth.set(id, wanted);
    }
  }
  return depth;
}

function order(layers: Vertex[][], forward: boolean): void {
  for (const layer of forward ? layers : [...layers].reverse()) {
    const rank = new Map(layer.map((vertex, index) => [vertex, wish(vertex, layers, forward) ?? index]));
    layer.sort((a, b) => rank.get(a)! - rank.get(b)!);
  }
}

/** Mean place of a vertex's neighbours in their layer; undefined where it has none. */
function wish(vertex: Vertex, layers: readonly Vertex[][], forward: boolean): number | undefined {
  const neighbours = forward ? vertex.before : vertex.after;
  return mean(neighbours.map((other) => layers[other.layer]!.indexOf(other)));
}

/** Moves each vertex towards the mean height of its neighbours, as far as those of its layer leave room. */
function place(layers: readonly Vertex[][], { gap }: Spacing, forward: boolean): void {
  for (const layer of forward ? layers : [...layers].reverse()) {
    const wishes = layer.map((vertex) => mean((forward ? vertex.before : vertex.after).map(({ y }) => y)) ?? vertex.y);
    let edge = -Infinity;
    for (const [index, vertex] of layer.entries()) {
      vertex.y = Math.max(wishes[index]!, edge + vertex.height / 2);
      edge = vertex.y + vertex.height / 2 + gap;
    }
    const shift = mean(layer.map(({ y }, index) => wishes[index]! - y)) ?? 0;
    for (const vertex of layer) vertex.y += shift;
  }
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function columnsOf(layers: readonly Vertex[][], { column }: Spacing): { x: number; width: number }[] {
  let x = 0;
  return layers.map((layer) => {
    const width = Math.max(0, ...layer.map((vertex) => vertex.width));
    const at = { x, width };
    x += width + column;
    return at;
  });
}

/** An edge passes a layer between the columns' left and right edge on one height, so that it crosses no node. */
function pointsOf(via: readonly Vertex[], columns: readonly { x: number; width: number }[]): [number, number][] {
  return via.flatMap(({ layer, y, id }, index): [number, number][] => {
    const column = columns[layer]!;
    if (index === 0) return [[column.x + column.width, y]];
    if (id !== undefined) return [[column.x, y]];
    return [
      [column.x, y],
      [column.x + column.width, y],
    ];
  });
}
