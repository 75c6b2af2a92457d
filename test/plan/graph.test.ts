import * as fc from 'fast-check';
import { findCycle, inOrder, withDependencies } from '../../lib/plan/graph';

/** Any graph: edges may go anywhere, also to nodes that are not there. */
const graphs = fc
  .nat({ max: 12 })
  .chain((count) =>
    fc.array(
      fc.tuple(fc.array(fc.nat({ max: 13 }), { maxLength: 4 }), fc.array(fc.nat({ max: 13 }), { maxLength: 2 })),
      {
        minLength: count,
        maxLength: count,
      },
    ),
  )
  .map((nodes) =>
    nodes.map(([dependsOn, after], index) => ({
      id: `${index}`,
      dependsOn: dependsOn.map(String),
      ...(after.length > 0 && { after: after.map(String) }),
    })),
  );

/** Graphs without circles: edges go to earlier nodes only, and then all are shuffled. */
const acyclic = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { maxLength: 15 }).chain((edges) =>
  fc.shuffledSubarray(
    edges.map((targets, index) => ({
      id: `${index}`,
      dependsOn: index === 0 ? [] : targets.map((target) => `${target % index}`),
    })),
    { minLength: edges.length, maxLength: edges.length },
  ),
);

test('a circle that is found is one, and where none is found there is an order', () => {
  fc.assert(
    fc.property(graphs, (nodes) => {
      const cycle = findCycle(nodes);
      const byId = new Map(nodes.map((node) => [node.id, node]));
      if (cycle) {
        expect(cycle[0]).toBe(cycle.at(-1));
        expect(new Set(cycle.slice(1)).size).toBe(cycle.length - 1);
        cycle.slice(1).forEach((id, index) => {
          const from = byId.get(cycle[index]!)!;
          expect([...from.dependsOn, ...(from.after ?? [])]).toContain(id);
        });
        return;
      }
      const order = inOrder(nodes).map(({ id }) => id);
      expect([...order].sort()).toEqual(nodes.map(({ id }) => id).sort());
      for (const node of nodes)
        for (const target of [...node.dependsOn, ...(node.after ?? [])])
          if (byId.has(target)) expect(order.indexOf(target)).toBeLessThan(order.indexOf(node.id));
    }),
    { numRuns: 2000 },
  );
});

test('no circle is found where there is none', () => {
  fc.assert(
    fc.property(acyclic, (nodes) => expect(findCycle(nodes)).toBeUndefined()),
    { numRuns: 1000 },
  );
});

test('nodes without dependencies stay in their order', () => {
  const nodes = ['c', 'a', 'b'].map((id) => ({ id, dependsOn: [] }));
  expect(inOrder(nodes)).toEqual(nodes);
});

test('what a node depends on comes along with it, and what it only comes after does not', () => {
  const nodes = [
    { id: 'a', dependsOn: [] },
    { id: 'b', dependsOn: ['a'] },
    { id: 'c', dependsOn: ['b', 'gone'], after: ['d'] },
    { id: 'd', dependsOn: [] },
  ];
  expect([...withDependencies(nodes, ['c'])].sort()).toEqual(['a', 'b', 'c']);
});

test('a chain of a hundred thousand nodes is no deeper than the call stack', () => {
  const nodes = Array.from({ length: 100_000 }, (_, index) => ({ id: `${index}`, dependsOn: [`${index + 1}`] }));
  expect(findCycle(nodes)).toBeUndefined();
  expect(inOrder(nodes)[0]?.id).toBe('99999');
  expect(withDependencies(nodes, ['0']).size).toBe(100_000);
  expect(findCycle([...nodes, { id: '100000', dependsOn: ['0'] }])).toHaveLength(100_002);
});
