import { Image } from '../../lib';
import { fakePlatform } from '../../lib/testing';
import { Step } from '../helpers/extensions';
import { build, testApp } from '../helpers/lab';

test('a build on a fake platform takes the real way through the engine, and leaves only its image', async () => {
  const app = testApp();
  const fake = fakePlatform();
  const web = new Image(app, 'Web');
  new fake.Source(web, 'Fake', { base: 'stable' });
  new Step(web, 'A', 'install nginx');
  new Step(web, 'B', 'configure nginx');

  const { report, states } = await build(app);

  expect(report.status).toBe('succeeded');
  expect(states).toEqual({ 'Web/Fake': 'succeeded' });
  expect(fake.machines).toEqual([]);
  expect(fake.imageOf('Web/Fake')?.history).toEqual([
    'base [{"name":"stable","version":1},1]',
    'install nginx',
    'configure nginx',
  ]);
  expect(fake.commands.map(({ command }) => command)).toEqual(['install nginx', 'configure nginx']);
  expect(fake.calls.map(({ verb }) => verb)).toEqual([
    'load',
    'lookup',
    'preflight',
    'launch',
    'connect',
    'exec',
    'checkpoint',
    'exec',
    'checkpoint',
    'capture',
    'destroy',
  ]);
});

test('a fake platform can be made to fail, and then forgets nothing', async () => {
  const app = testApp();
  const fake = fakePlatform();
  new fake.Source(new Image(app, 'Web'), 'Fake');
  fake.fail('capture', { phase: 'created' });

  const { report, node } = await build(app);

  expect(report.ok).toBe(false);
  expect(node('Web/Fake').error?.message).toContain('capture fails');
  expect([...fake.machines, ...fake.images]).toEqual([]);
});

test('a hanging call ends when the run is cancelled', async () => {
  const app = testApp();
  const fake = fakePlatform();
  new fake.Source(new Image(app, 'Web'), 'Fake');
  const { reached } = fake.hang('connect');
  const cancel = new AbortController();
  const run = build(app, { signal: cancel.signal });
  await reached;
  cancel.abort(new Error('enough'));

  expect((await run).report.status).toBe('cancelled');
  expect(fake.machines).toEqual([]);
});

test('a held call goes on when it is released', async () => {
  const app = testApp();
  const fake = fakePlatform();
  new fake.Source(new Image(app, 'Web'), 'Fake');
  const hold = fake.hold('launch');
  const run = build(app);
  await hold.reached;
  expect(fake.count('connect')).toBe(0);
  hold.release();

  expect((await run).report.ok).toBe(true);
});

test('what leaks is in the report', async () => {
  const app = testApp();
  const fake = fakePlatform();
  new fake.Source(new Image(app, 'Web'), 'Fake');
  fake.leak();

  const { report } = await build(app);

  expect(report.ok).toBe(false);
  expect(report.left).toMatchObject([{ kind: 'fake:machine', id: 'machine-1', why: 'leaked' }]);
});

test('commands are answered as the test wants it', async () => {
  const app = testApp();
  const fake = fakePlatform();
  const web = new Image(app, 'Web');
  new fake.Source(web, 'Fake');
  new Step(web, 'A', 'nginx -v');
  fake.onCommand(({ command }) => (command === 'nginx -v' ? { code: 3, stdout: 'nginx: oh no\n' } : undefined));

  const { node, output } = await build(app);

  expect(node('Web/Fake').state).toBe('failed');
  expect(output).toBe('nginx: oh no\n');
});
