import { toDot, toMermaid } from '../../lib/cli/graph';
import type { PlanNode } from '../../lib/plan/schema';

const digest = 'a'.repeat(64);
const step = (id: string, use: string) => ({ id, use, config: {} });
const nodes: PlanNode[] = [
  {
    kind: 'build',
    id: 'Core/Docker',
    image: 'Core',
    dependsOn: [],
    digest,
    provisioners: [],
    source: { ...step('Core/Docker', 'docker'), base: { $lookup: 'x' } },
  },
  {
    kind: 'build',
    id: 'Web/Docker',
    image: 'Web',
    dependsOn: ['Core/Docker'],
    digest,
    provisioners: [],
    source: { ...step('Web/Docker', 'docker'), base: { $artifact: 'Core/Docker' } },
  },
  {
    kind: 'verify',
    id: 'Web/Serves/Docker',
    build: 'Web/Docker',
    dependsOn: ['Web/Docker'],
    digest,
    step: step('Web/Serves', 'verification'),
  },
  {
    kind: 'process',
    id: 'Web/Push/Docker',
    inputs: ['Web/Docker'],
    dependsOn: ['Web/Docker', 'Web/Serves/Docker'],
    after: ['Core/Docker', 'not/selected'],
    digest,
    step: step('Web/Push', 'docker-push'),
  },
];

test('mermaid: boxes for builds, hexagons for checks, rounds for post-processors', () => {
  expect(toMermaid({ nodes })).toBe(`flowchart LR
  n1["Core/Docker<br>docker"]
  n2["Web/Docker<br>docker"]
  n3{{"Web/Serves/Docker<br>verification"}}
  n4(["Web/Push/Docker<br>docker-push"])
  n1 -->|from| n2
  n2 --> n3
  n2 --> n4
  n3 --> n4
  n1 -.->|after| n4
`);
});

test('dot: the same for Graphviz', () => {
  expect(toDot({ nodes, app: 'acme' })).toBe(`digraph "acme" {
  rankdir=LR;
  node [fontname="sans-serif"];
  "Core/Docker" [label="Core/Docker\\ndocker", shape=box];
  "Web/Docker" [label="Web/Docker\\ndocker", shape=box];
  "Web/Serves/Docker" [label="Web/Serves/Docker\\nverification", shape=hexagon];
  "Web/Push/Docker" [label="Web/Push/Docker\\ndocker-push", shape=ellipse];
  "Core/Docker" -> "Web/Docker" [label=from];
  "Web/Docker" -> "Web/Serves/Docker";
  "Web/Docker" -> "Web/Push/Docker";
  "Web/Serves/Docker" -> "Web/Push/Docker";
  "Core/Docker" -> "Web/Push/Docker" [label=after, style=dashed];
}
`);
});

test('ids cannot break out of either language', () => {
  const odd: PlanNode = { ...(nodes[0] as PlanNode & { kind: 'build' }), id: 'a"]\n--> \\"b; <script>' };
  const [, box] = toMermaid({ nodes: [odd] }).split('\n');
  expect(box).toBe('  n1["a#34;#93;#10;--#62; #92;#34;b#59; #60;script#62;<br>docker"]');
  expect(toDot({ nodes: [odd], app: 'x"y' })).toContain('digraph "x\\"y" {');
  expect(toDot({ nodes: [odd], app: 'x' })).toContain('"a\\"]\\n--> \\\\\\"b; <script>" [label=');
});
