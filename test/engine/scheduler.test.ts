import * as fc from 'fast-check';
import { schedule, type Outcome, type Schedulable } from '../../lib/engine/scheduler';

interface Node extends Schedulable {
  /** How it ends, and after how many turns of the others. */
  readonly outcome: Outcome;
  readonly turns: number;
}

const nodesOf = fc
  .array(
    fc.record({
      edges: fc.array(fc.nat(), { maxLength: 3 }),
      soft: fc.array(fc.nat(), { maxLength: 2 }),
      outcome: fc.oneof(
        { weight: 4, arbitrary: fc.constant<Outcome>('succeeded') },
        { weight: 1, arbitrary: fc.constant<Outcome>('failed') },
      ),
      turns: fc.nat({ max: 3 }),
      pool: fc.constantFrom(undefined, 'a', 'b'),
    }),
    { maxLength: 25 },
  )
  .map((specs) =>
    specs.map(({ edges, soft, outcome, turns, pool }, index): Node => {
      const earlier = (targets: readonly number[]): string[] =>
        index === 0 ? [] : targets.map((one) => `${one % index}`);
      return { id: `${index}`, dependsOn: [...earlier(edges), 'not here'], after: earlier(soft), outcome, turns, pool };
    }),
  )
  .chain((nodes) => fc.shuffledSubarray(nodes, { minLength: nodes.length, maxLength: nodes.length }));

interface Trace {
  readonly started: string[];
  readonly ended: Map<string, 'succeeded' | 'failed' | 'skipped' | 'cancelled'>;
  readonly because: Map<string, readonly string[]>;
  readonly mostRunning: number;
  readonly mostInPool: Readonly<Record<string, number>>;
}

/** Runs a graph whose nodes take turns instead of time, and looks whether each starts when it may. */
async function trace(
  nodes: readonly Node[],
  options: { readonly parallel?: number; readonly pools?: Record<string, number>; readonly cancelAfter?: number } = {},
): Promise<Trace> {
  const started: string[] = [];
  const ended: Trace['ended'] = new Map();
  const because = new Map<string, readonly string[]>();
  const cancel = new AbortController();
  const inPool: Record<string, number> = {};
  const mostInPool: Record<string, number> = {};
  let running = 0;
  let mostRunning = 0;
  const end = (id: string, how: 'succeeded' | 'failed' | 'skipped' | 'cancelled'): void => {
    expect(ended.has(id)).toBe(false);
    ended.set(id, how);
  };
  await schedule(nodes, {
    parallel: options.parallel ?? 0,
    pools: options.pools ?? {},
    signal: cancel.signal,
    async run(node) {
      started.push(node.id);
      expect(cancel.signal.aborted).toBe(false);
      for (const id of node.dependsOn) if (id !== 'not here') expect(ended.get(id)).toBe('succeeded');
      for (const id of node.after ?? []) expect(ended.has(id)).toBe(true);
      const pool = node.pool ?? '';
      mostRunning = Math.max(mostRunning, (running += 1));
      inPool[pool] = (inPool[pool] ?? 0) + 1;
      mostInPool[pool] = Math.max(mostInPool[pool] ?? 0, inPool[pool]);
      if (started.length === options.cancelAfter) cancel.abort();
      for (let turn = 0; turn < node.turns; turn += 1) await Promise.resolve();
      running -= 1;
      inPool[pool] -= 1;
      end(node.id, node.outcome === 'succeeded' ? 'succeeded' : 'failed');
      return node.outcome;
    },
    skipped(node, reasons) {
      end(node.id, reasons.length > 0 ? 'skipped' : 'cancelled');
      because.set(node.id, reasons);
    },
  });
  return { started, ended, because, mostRunning, mostInPool };
}

test('each node runs once when all it depends on has succeeded, or is skipped because of what failed', async () => {
  await fc.assert(
    fc.asyncProperty(nodesOf, async (nodes) => {
      const { ended, because } = await trace(nodes);
      expect(ended.size).toBe(nodes.length);
      for (const node of nodes) {
        const broken = node.dependsOn.filter((id) => id !== 'not here' && ended.get(id) !== 'succeeded');
        if (broken.length > 0) {
          expect(ended.get(node.id)).toBe('skipped');
          expect([...new Set(because.get(node.id))].sort()).toEqual([...new Set(broken)].sort());
        } else expect(ended.get(node.id)).toBe(node.outcome);
      }
    }),
    { numRuns: 1500 },
  );
});

test('no more run at once than are allowed, in all and of each pool', async () => {
  await fc.assert(
    fc.asyncProperty(nodesOf, fc.nat({ max: 4 }), fc.nat({ max: 3 }), async (nodes, parallel, pool) => {
      const { ended, mostRunning, mostInPool } = await trace(nodes, { parallel, pools: { a: pool } });
      expect(ended.size).toBe(nodes.length);
      if (parallel > 0) expect(mostRunning).toBeLessThanOrEqual(parallel);
      if (pool > 0) expect(mostInPool['a'] ?? 0).toBeLessThanOrEqual(pool);
    }),
    { numRuns: 1000 },
  );
});

test('when it is cancelled nothing more is started, and every node ends all the same', async () => {
  await fc.assert(
    fc.asyncProperty(nodesOf, fc.nat({ max: 10 }), fc.nat({ max: 3 }), async (nodes, cancelAfter, parallel) => {
      const { ended } = await trace(nodes, { cancelAfter: cancelAfter + 1, parallel });
      expect(ended.size).toBe(nodes.length);
    }),
    { numRuns: 1000 },
  );
});

test('nodes that are ready start in the order of the plan', async () => {
  const nodes = ['c', 'a', 'b'].map((id): Node => ({ id, dependsOn: [], outcome: 'succeeded', turns: 1 }));
  expect((await trace(nodes, { parallel: 1 })).started).toEqual(['c', 'a', 'b']);
});

test('a full pool does not hold up the nodes of others', async () => {
  const nodes = [
    { id: '1', pool: 'a' },
    { id: '2', pool: 'a' },
    { id: '3', pool: 'b' },
  ].map((node): Node => ({ ...node, dependsOn: [], outcome: 'succeeded', turns: 1 }));
  expect((await trace(nodes, { parallel: 2, pools: { a: 1 } })).started).toEqual(['1', '3', '2']);
});

test('what only comes after a failed node runs', async () => {
  const nodes: Node[] = [
    { id: 'a', dependsOn: [], outcome: 'failed', turns: 2 },
    { id: 'b', dependsOn: [], after: ['a'], outcome: 'succeeded', turns: 0 },
    { id: 'c', dependsOn: ['a'], outcome: 'succeeded', turns: 0 },
    { id: 'd', dependsOn: [], after: ['c'], outcome: 'succeeded', turns: 0 },
  ];
  const { ended } = await trace(nodes);
  expect(Object.fromEntries(ended)).toEqual({ a: 'failed', b: 'succeeded', c: 'skipped', d: 'succeeded' });
});

test('a circle is an error and not a run without end', async () => {
  const nodes: Node[] = [
    { id: 'a', dependsOn: ['b'], outcome: 'succeeded', turns: 0 },
    { id: 'b', dependsOn: ['a'], outcome: 'succeeded', turns: 0 },
    { id: 'c', dependsOn: [], outcome: 'succeeded', turns: 0 },
  ];
  await expect(trace(nodes)).rejects.toMatchObject({ code: 'DEPENDENCY_CYCLE' });
});

test('a graph of nothing is done at once', async () => {
  expect((await trace([])).ended.size).toBe(0);
});

describe('its overhead', () => {
  /** A third each: free, in chains of ten, below one root. */
  function large(count: number): Schedulable[] {
    return Array.from({ length: count }, (_, index) => ({
      id: `${index}`,
      dependsOn: index % 3 === 0 ? [] : index % 3 === 1 && index % 30 > 3 ? [`${index - 3}`] : ['0'],
      pool: index % 2 === 0 ? 'a' : 'b',
    }));
  }

  async function microsecondsPerNode(count: number): Promise<number> {
    const nodes = large(count);
    let ran = 0;
    const started = performance.now();
    await schedule(nodes, {
      parallel: 16,
      pools: { a: 8 },
      signal: new AbortController().signal,
      run: () => Promise.resolve((ran += 1) > 0 ? 'succeeded' : 'failed'),
      skipped: () => undefined,
    });
    expect(ran).toBe(count);
    return ((performance.now() - started) * 1000) / count;
  }

  test('is under 20 µs a node for 100,000 nodes, on a machine with nothing else to do', async () => {
    await microsecondsPerNode(10_000);
    const figure = Math.min(await microsecondsPerNode(100_000), await microsecondsPerNode(100_000));
    process.stdout.write(`scheduler: ${figure.toFixed(2)} µs a node of 100,000\n`);
    // Five times as much, for machines that are busy with other tests.
    expect(figure).toBeLessThan(100);
  });
});
