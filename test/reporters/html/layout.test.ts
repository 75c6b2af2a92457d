import fc from 'fast-check';
import { layOut, type Layout, type LayoutNode } from '../../../lib/reporters/html/layout';

const SPACING = { node: 46, gap: 14, column: 56 };
const node = (id: string, ...dependsOn: string[]): LayoutNode => ({ id, dependsOn, width: 100 + id.length });
const at = (layout: Layout, id: string) => layout.nodes.find((placed) => placed.id === id)!;

test('a node stands right of everything that it depends on', () => {
  const layout = layOut([node('c', 'a', 'b'), node('b', 'a'), node('a')], SPACING);
  expect(at(layout, 'a').x).toBe(0);
  expect(at(layout, 'b').x).toBeGreaterThanOrEqual(at(layout, 'a').width + SPACING.column);
  expect(at(layout, 'c').x).toBeGreaterThan(at(layout, 'b').x);
});

test('a chain is a straight line', () => {
  const layout = layOut([node('a'), node('b', 'a'), node('c', 'b')], SPACING);
  expect(new Set(layout.nodes.map(({ y }) => y)).size).toBe(1);
  expect(layout.height).toBe(SPACING.node);
});

test('a fork is drawn around its middle', () => {
  const layout = layOut([node('a'), node('b', 'a'), node('c', 'a'), node('d', 'a')], SPACING);
  expect(at(layout, 'a').y).toBe(at(layout, 'c').y);
});

test('edges of two pairs do not cross, in whatever order they are given', () => {
  const layout = layOut([node('a'), node('b'), node('b2', 'b'), node('a2', 'a')], SPACING);
  expect(Math.sign(at(layout, 'a').y - at(layout, 'b').y)).toBe(Math.sign(at(layout, 'a2').y - at(layout, 'b2').y));
});

test('a dependency that is not drawn, and a circle, do no harm', () => {
  expect(layOut([node('a', 'elsewhere')], SPACING).edges).toEqual([]);
  expect(layOut([node('a', 'b'), node('b', 'a'), node('c', 'c')], SPACING).nodes).toHaveLength(3);
  expect(layOut([], SPACING)).toEqual({ nodes: [], edges: [], width: 0, height: 0 });
});

test('in any graph no two nodes overlap, no edge runs through a node, and all lies within the drawing', () => {
  const graphs = fc.array(fc.array(fc.nat(30), { maxLength: 4 }), { minLength: 1, maxLength: 30 }).map((all) => {
    return all.map((needs, index) =>
      node(`n${index}`, ...new Set(needs.filter((need) => need < index).map((need) => `n${need}`))),
    );
  });
  fc.assert(
    fc.property(graphs, (nodes) => {
      const layout = layOut(nodes, SPACING);
      for (const [index, a] of layout.nodes.entries()) {
        expect(a.y - SPACING.node / 2).toBeGreaterThanOrEqual(0);
        expect(a.y + SPACING.node / 2).toBeLessThanOrEqual(layout.height);
        expect(a.x + a.width).toBeLessThanOrEqual(layout.width);
        for (const b of layout.nodes.slice(index + 1)) {
          if (a.x === b.x) expect(Math.abs(a.y - b.y)).toBeGreaterThanOrEqual(SPACING.node);
        }
      }
      for (const { from, to, points } of layout.edges) {
        for (const [x, y] of points) {
          const through = layout.nodes.find(
            (other) =>
              other.id !== from &&
              other.id !== to &&
              x >= other.x &&
              x <= other.x + other.width &&
              Math.abs(y - other.y) < SPACING.node / 2,
          );
          expect(through).toBeUndefined();
        }
      }
    }),
  );
});
