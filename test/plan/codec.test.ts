import { Image, Secret, text } from '../../lib';
import { GoldsmithError } from '../../lib/errors';
import { PLAN_SCHEMA, readPlan, writePlan, type Plan } from '../../lib/plan';
import { fakePlatform } from '../../lib/testing';
import { Check, Note, Pack, Step } from '../helpers/extensions';
import { testApp } from '../helpers/lab';

function plan(): Plan {
  const app = testApp({ files: { 'setup.sh': 'x' } });
  const fake = fakePlatform();
  const core = new Image(app, 'Core', { maxAge: '7d' });
  new fake.Source(core, 'Fake', { name: 'core' });
  new Step(core, 'Step', { run: 'a', script: 'setup.sh', stdin: Secret.fromEnv('A'), timeout: '5m' });
  new Check(core, 'Check', 'works');
  const web = new Image(app, 'Web', { from: core });
  new Step(web, 'Step', text`${core.artifact('Fake').id}`);
  new Pack(web, 'Pack', { output: 'web.pack', keepInputArtifact: true });
  new Note(app, 'All');
  return app.synth();
}

/** A plan, spoiled. */
function spoiled(spoil: (plan: Mutable) => void): string {
  const copy = JSON.parse(writePlan(plan())) as Mutable;
  spoil(copy);
  return JSON.stringify(copy);
}
/** What is spoiled has no type any more. */
type Mutable = ReturnType<typeof JSON.parse>;

function problems(source: string): readonly string[] {
  try {
    readPlan(source, 'my-plan.json');
  } catch (error) {
    if (GoldsmithError.is(error)) return error.problems.map(({ code, message }) => `${code} ${message}`);
    throw error;
  }
  return [];
}

test('a plan that is written and read again is the same', () => {
  const one = plan();
  const written = writePlan(one);
  expect(readPlan(written)).toEqual(JSON.parse(JSON.stringify(one)));
  expect(writePlan(readPlan(written))).toBe(written);
});

test('a plan is written one node a line, and ends with a newline', () => {
  const one = plan();
  const lines = writePlan(one).split('\n');
  expect(lines.filter((line) => line.startsWith('    {"'))).toHaveLength(one.nodes.length);
  expect(lines.at(-1)).toBe('');
});

test.each([
  ['', /^INVALID_PLAN my-plan.json is no JSON: /],
  ['{', /^INVALID_PLAN my-plan.json is no JSON: /],
  ['null', /^INVALID_PLAN my-plan.json is no plan: it has no `schema` version$/],
  ['[]', /^INVALID_PLAN my-plan.json is no plan/],
  ['{"schema": 1}', /^INVALID_PLAN my-plan.json is no plan/],
  ['{"schema": "1.0"}', /^INVALID_PLAN my-plan.json is no valid plan: at app: /],
  ['{"schema": "2.0"}', /^PLAN_VERSION my-plan.json has plan version 2.0; this goldsmith reads 1.0 to 1.0$/],
  ['{"schema": "1.1"}', /^PLAN_VERSION /],
  ['{"schema": "0.9"}', /^PLAN_VERSION /],
  ['{"schema": "new"}', /^PLAN_VERSION /],
  [`{"schema": "${'x'.repeat(5000)}"}`, /^PLAN_VERSION .{0,140}$/],
])('what is no plan is refused with a message: %.30s', (source, message) => {
  expect(problems(source)).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
});

test('a newer version says to use a newer goldsmith, an older one to write the plan anew', () => {
  const hint = (schema: string): string | undefined => {
    try {
      readPlan(JSON.stringify({ schema }));
    } catch (error) {
      return (error as GoldsmithError).hint;
    }
    return undefined;
  };
  expect(hint('9.0')).toBe('run it with the goldsmith that wrote it, or a newer one');
  expect(hint('0.1')).toBe('make it anew with `goldsmith synth`');
  expect(PLAN_SCHEMA).toBe('1.0');
});

test('what is nested deeper than any plan is refused, not a crash', () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const source = spoiled((one) => (one.nodes[0].source.config = { name: 'DEEP' })).replace('"DEEP"', deep);
  expect(problems(source)).toEqual([expect.stringMatching(/^INVALID_PLAN my-plan.json is no /)]);
});

test.each<[string, (plan: Mutable) => void, string]>([
  ['an unknown key', (one) => (one.nodes[0].colour = 'red'), 'at nodes.0: '],
  ['a wrong type', (one) => (one.nodes[0].dependsOn = 'Core'), 'at nodes.0.dependsOn: '],
  ['a bad duration', (one) => (one.nodes[0].maxAge = 'soon'), 'at nodes.0.maxAge: a length of time'],
  ['an unknown kind', (one) => (one.nodes[0].kind = 'dream'), 'at nodes.0.kind: '],
  ['no inputs', (one) => (node(one, 'All').inputs = []), '.inputs: '],
])('a plan with %s is refused with the place', (_what, spoil, place) => {
  expect(problems(spoiled(spoil))).toEqual([expect.stringContaining(`my-plan.json is no valid plan: `)]);
  expect(problems(spoiled(spoil))[0]).toContain(place);
});

test.each<[string, (plan: Mutable) => void, string]>([
  ['two nodes of one id', (one) => (one.nodes[1].id = one.nodes[0].id), 'two nodes have the same id'],
  ['a missing module', (one) => delete one.modules.step, '`modules` names no module for `step`'],
  [
    'a module name that every object has',
    (one) => (node(one, 'Core/Fake').provisioners[0].use = 'toString'),
    '`toString`',
  ],
  [
    'a missing dependency',
    (one) => node(one, 'Core/Fake').dependsOn.push('X'),
    'it depends on `X`, which is not there',
  ],
  ['a missing node before', (one) => (node(one, 'All').after = ['X']), 'it depends on `X`, which is not there'],
  [
    'a verification of nothing',
    (one) => (node(one, 'Core/Check/Fake').build = 'All'),
    'it verifies `All`, which is no build',
  ],
  ['an input that makes nothing', (one) => node(one, 'All').inputs.push('Core/Check/Fake'), 'which makes no artifact'],
  [
    'a base that is no build',
    (one) => (node(one, 'Web/Fake').source.base = { $artifact: 'All' }),
    'it starts from `All`',
  ],
  ['a missing lookup', (one) => (one.lookups = {}), '`lookups` has no '],
  ['a missing asset', (one) => (one.assets = {}), '`assets` has no '],
  [
    'a late value of the wrong form',
    (one) => (node(one, 'Web/Fake').provisioners[0].config.run = { $now: 5 }),
    'at Web/Step: run: it is no proper `$now`',
  ],
  [
    'a late value with company',
    (one) => (node(one, 'Web/Fake').provisioners[0].config.run = { $now: { format: 'x' }, a: 1 }),
    'it is no proper `$now`',
  ],
  [
    'an output of nothing',
    (one) => (node(one, 'Web/Fake').provisioners[0].config.run = { $output: { node: 'X', name: 'id' } }),
    'an output of `X`, which is no build',
  ],
  [
    'an output of something it does not wait for',
    (one) =>
      (node(one, 'Core/Fake').provisioners[0].config.run = { $text: [{ $output: { node: 'Web/Fake', name: 'id' } }] }),
    'an output of `Web/Fake` without depending on it',
  ],
  [
    'a field of a missing lookup',
    (one) => (node(one, 'Web/Fake').provisioners[0].config.run = { $lookup: { id: 'X', field: 'a' } }),
    '`lookups` has no `X`',
  ],
  ['a circle', (one) => node(one, 'Core/Fake').dependsOn.push('Web/Fake'), 'nodes depend on each other in a circle: '],
  ['a circle of what only comes after', (one) => (node(one, 'Web/Pack/Fake').after = ['All']), 'in a circle'],
])('a plan with %s is refused with the node', (_what, spoil, message) => {
  expect(problems(spoiled(spoil)).join('\n')).toContain(message);
});

test('of a plan with hundreds of mistakes the first twenty are shown', () => {
  const source = spoiled((one) => {
    for (let index = 0; index < 300; index += 1) node(one, 'Core/Fake').dependsOn.push(`X${index}`);
  });
  expect(problems(source)).toHaveLength(20);
});

function node(one: Mutable, id: string): Mutable {
  return one.nodes.find((each: Mutable) => each.id === id);
}
