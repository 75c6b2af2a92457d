import * as fc from 'fast-check';
import { Image, PostProcessorChain, Secret, text, timestamp } from '../../lib';
import { run } from '../../lib/engine';
import { GoldsmithError } from '../../lib/errors';
import type { Extension } from '../../lib/extension';
import { readPlan, writePlan, type Plan } from '../../lib/plan';
import { fakePlatform } from '../../lib/testing';
import { check, Check, note, Note, pack, Pack, step, Step } from '../helpers/extensions';
import { memoryJournal, memoryStore } from '../helpers/memory';
import { testApp } from '../helpers/lab';

const COUNT = 10_000;
/** Of those that can be read, so many are run: each takes a hundred times as long as reading. */
const RUN = 250;

/** What V8 says when a program has not looked before it leapt. */
const CRASH = /Cannot (read|set|convert|destructure)|is not (a function|iterable|defined)|Maximum call stack/;

const fake = fakePlatform();
const extensions = new Map<string, Extension>(
  [step, check, pack, note, fake.extension].map((one) => [`${one.kind} ${one.use}`, one as unknown as Extension]),
);

function plan(): Plan {
  const app = testApp({ files: { 'setup.sh': 'x' } });
  const core = new Image(app, 'Core', { maxAge: '7d' });
  new fake.Source(core, 'Fake', { name: 'core', tags: { a: text`b ${timestamp()}` } });
  new Step(core, 'Step', { run: 'a', script: 'setup.sh', stdin: Secret.fromEnv('A'), timeout: '5m', maxRetries: 1 });
  new Step(core, 'Logs', { run: 'logs', onFailure: true });
  new Check(core, 'Check', { run: 'works', timeout: '1m' });
  const web = new Image(app, 'Web', { from: core });
  new Step(web, 'Step', text`${core.artifact('Fake').id}`);
  const chain = new PostProcessorChain(web, 'Chain');
  new Pack(chain, 'Pack', { output: 'web.pack', keepInputArtifact: true });
  new Note(chain, 'Note');
  new Note(app, 'All');
  return app.synth();
}

type Node = ReturnType<typeof JSON.parse>;

/** Every place in a JSON value, as the path to it. */
function places(value: Node, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [
    path,
    ...Object.keys(value).flatMap((key) => places(value[key], [...path, Array.isArray(value) ? Number(key) : key])),
  ];
}

const strange = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<Node>(
    null,
    '',
    'Core/Fake',
    'Web/Fake',
    'toString',
    '__proto__',
    'constructor',
    '../../etc/passwd',
    '1e999s',
    -1,
    1e308,
    [],
    {},
    [[]],
    { $now: {} },
    { $now: { format: 'x' } },
    { $text: [] },
    { $text: [{ $text: ['a'] }] },
    { $secret: { from: 'env', name: 'NOPE' } },
    { $secret: { from: 'nowhere' } },
    { $secret: { from: 'file', path: '/nope' } },
    { $output: { node: 'Core/Fake', name: 'nope' } },
    { $output: { node: 'Core/Fake', name: 'toString' } },
    { $asset: { sha256: 'x', name: '..' } },
    { $unique: { length: 64 } },
    { $lookup: { id: 'x', field: 'y' } },
    { $artifact: 'Web/Fake' },
    { $exact: null },
    { $lookup: 'x' },
    'x'.repeat(10_000),
    '\u0000',
    '\ud800',
  ),
);

const mutation = fc.record({
  kind: fc.constantFrom('replace', 'delete', 'add', 'copy', 'swap', 'cut', 'flip'),
  at: fc.nat(),
  other: fc.nat(),
  value: strange,
  key: fc.oneof(fc.string(), fc.constantFrom('$now', 'config', 'id', 'use', 'after', 'policy', '__proto__', 'base')),
});
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

/** The text of the plan after some mutations: of its values, and of its letters. */
function mutate(text: string, mutations: readonly Mutation[]): string {
  let root: Node = JSON.parse(text);
  let end: (written: string) => string = (written) => written;
  for (const { kind, at, other, value, key } of mutations) {
    const all = places(root);
    const path = all[at % all.length]!;
    const parent = path.slice(0, -1).reduce<Node>((node, part) => node[part], root);
    const last = path.at(-1);
    if (kind === 'cut') end = (written) => written.slice(0, at % written.length);
    else if (kind === 'flip') {
      end = (written) => {
        const index = at % written.length;
        return written.slice(0, index) + String.fromCharCode(32 + (other % 95)) + written.slice(index + 1);
      };
    } else if (last === undefined) root = kind === 'replace' ? value : root;
    else if (kind === 'replace') parent[last] = value;
    else if (kind === 'delete') {
      if (Array.isArray(parent)) parent.splice(Number(last), 1);
      else delete parent[last];
    } else if (kind === 'add') {
      const target = parent[last];
      if (Array.isArray(target)) target.splice(other % (target.length + 1), 0, value);
      else if (typeof target === 'object' && target !== null) target[key] = value;
    } else {
      const from = all[other % all.length]!;
      const found = from.reduce<Node>((node, part) => node?.[part], root);
      parent[last] = found === undefined ? null : JSON.parse(JSON.stringify(found));
    }
  }
  return end(JSON.stringify(root));
}

test(`of ${COUNT} malformed plans each is refused with a message or runs: none is a crash`, async () => {
  const text = writePlan(plan());
  const app = testApp();
  const inputs = fc.sample(fc.array(mutation, { minLength: 1, maxLength: 3 }), { numRuns: COUNT, seed: 20_260_101 });
  const readable: Plan[] = [];
  let refused = 0;
  for (const mutations of inputs) {
    const source = mutate(text, mutations);
    try {
      readable.push(readPlan(source));
    } catch (error) {
      if (!GoldsmithError.is(error)) throw new Error(`not refused with a message: ${source}`, { cause: error });
      expect(error.problems.every(({ message }) => message.length > 0 && !/\n\s+at /.test(message))).toBe(true);
      refused += 1;
    }
  }
  expect(refused + readable.length).toBe(COUNT);

  const every = Math.max(1, Math.floor(readable.length / RUN));
  let failed = 0;
  for (const one of readable.filter((_plan, index) => index % every === 0)) {
    try {
      const report = await run(one, {
        projectDir: app.baseDir,
        extensions,
        env: { A: 'hunter2' },
        force: true,
        store: memoryStore(),
        openJournal: () => Promise.resolve(memoryJournal()),
      });
      failed += report.ok ? 0 : 1;
      for (const { error } of report.nodes) {
        if (error && (error.code === 'INTERNAL' || CRASH.test(error.message)))
          throw new Error(`a fault of goldsmith itself: ${error.message}\n${writePlan(one)}`);
      }
    } catch (error) {
      if (!GoldsmithError.is(error)) throw error;
      failed += 1;
    }
    expect(fake.machines).toEqual([]);
  }
  expect(failed).toBeGreaterThan(0);
}, 300_000);
