import { BaseImage, Image, PostProcessorChain } from '../../lib';
import { fakePlatform, virtualClock, type FakePlatform, type TestApp } from '../../lib/testing';
import { Check, Note, noted, Pack, Step } from '../helpers/extensions';
import { build, failureOf, filesBelow, testApp } from '../helpers/lab';

function image(app: TestApp, fake: FakePlatform, id: string, from?: Image): Image {
  const made = new Image(app, id, from ? { from } : {});
  if (!from) new fake.Source(made, 'Fake', { size: app.node.findAll().length });
  new Step(made, 'Step', id);
  return made;
}

function breaks(fake: FakePlatform, broken: string): void {
  fake.onCommand(({ command }) => (command === broken ? { code: 1 } : undefined));
}

test('an image starts where the one it is made from ended', async () => {
  const app = testApp();
  const fake = fakePlatform();
  const core = image(app, fake, 'Core');
  const web = image(app, fake, 'Web', core);
  image(app, fake, 'Shop', web);
  const { report } = await build(app);

  expect(report.ok).toBe(true);
  expect(fake.imageOf('Shop/Fake')?.history.slice(1)).toEqual(['Core', 'Web', 'Shop']);
});

test('a failed build skips only what depends on it, and the rest goes on', async () => {
  const app = testApp();
  const fake = fakePlatform();
  const core = image(app, fake, 'Core');
  const web = image(app, fake, 'Web', core);
  new Check(web, 'Check', 'works');
  new Pack(web, 'Pack', 'web.pack');
  image(app, fake, 'Shop', web);
  image(app, fake, 'Alone');
  breaks(fake, 'Web');
  const { states, node, report } = await build(app);

  expect(report.status).toBe('failed');
  expect(states).toEqual({
    'Core/Fake': 'succeeded',
    'Web/Fake': 'failed',
    'Web/Check/Fake': 'skipped',
    'Web/Pack/Fake': 'skipped',
    'Shop/Fake': 'skipped',
    'Alone/Fake': 'succeeded',
  });
  expect(node('Web/Check/Fake').because).toEqual(['Web/Fake']);
});

test('a failed verification keeps the image from its post-processors and its dependants', async () => {
  const app = testApp();
  const fake = fakePlatform();
  const core = image(app, fake, 'Core');
  new Check(core, 'Check', 'works');
  new Pack(core, 'Pack', 'core.pack');
  image(app, fake, 'Web', core);
  breaks(fake, 'works');
  const { states, node } = await build(app);

  expect(states).toEqual({
    'Core/Fake': 'succeeded',
    'Core/Check/Fake': 'failed',
    'Core/Pack/Fake': 'skipped',
    'Web/Fake': 'skipped',
  });
  expect(node('Core/Check/Fake').error).toMatchObject({ path: 'Core/Check/Fake' });
  expect(fake.machines).toEqual([]);
});

test('a verification boots the finished image afresh, on a machine of its own', async () => {
  const app = testApp();
  const fake = fakePlatform();
  new Check(image(app, fake, 'Core'), 'Check', 'works');
  await build(app);

  const launches = fake.calls.filter(({ verb }) => verb === 'launch').map(({ about }) => about.split(' ')[0]);
  expect(launches).toEqual(['base', 'artifact']);
  expect(fake.imageOf('Core/Fake')?.history).not.toContain('works');
  expect(fake.machines).toEqual([]);
});

test('nodes run side by side, as many as --parallel allows', async () => {
  const app = testApp();
  const fake = fakePlatform();
  for (const id of ['A', 'B', 'C', 'D', 'E']) image(app, fake, id);
  const holds = [fake.hold('launch'), fake.hold('launch')];
  const run = build(app, { parallel: 2 });
  await Promise.all(holds.map(({ reached }) => reached));
  expect(fake.count('launch')).toBe(2);
  for (const { release } of holds) release();
  expect((await run).report.ok).toBe(true);
  expect(fake.images).toHaveLength(5);
});

test('a pool limits the builds of its platform only', async () => {
  const app = testApp();
  const slow = fakePlatform({ use: 'slow' });
  const fast = fakePlatform({ use: 'fast' });
  for (const id of ['A', 'B', 'C']) {
    image(app, slow, `Slow${id}`);
    image(app, fast, `Fast${id}`);
  }
  const hold = slow.hold('launch');
  const run = build(app, { pools: { slow: 1 } });
  await hold.reached;
  while (fast.images.length < 3) await new Promise((resolve) => setImmediate(resolve));
  expect(slow.count('launch')).toBe(1);
  hold.release();
  expect((await run).report.ok).toBe(true);
});

test('a pool of size 0 has no limit, as --parallel 0 has none', async () => {
  const app = testApp();
  const fake = fakePlatform();
  image(app, fake, 'A');
  expect((await build(app, { pools: { fake: 0 }, parallel: 0 })).report.ok).toBe(true);
});

test('addDependency makes one image wait for another', async () => {
  const app = testApp();
  const fake = fakePlatform();
  const second = image(app, fake, 'Second');
  const first = image(app, fake, 'First');
  second.node.addDependency(first);
  await build(app);
  expect(fake.commands.map(({ command }) => command)).toEqual(['First', 'Second']);
});

test('a selector builds what it names and what that needs, and nothing else', async () => {
  const app = testApp();
  const fake = fakePlatform();
  const core = image(app, fake, 'Core');
  const web = image(app, fake, 'Web', core);
  new Check(web, 'Check', 'works');
  image(app, fake, 'Other');
  const { states } = await build(app, { select: ['Web/*'] });
  expect(Object.keys(states)).toEqual(['Core/Fake', 'Web/Fake', 'Web/Check/Fake']);
});

test('--force builds what is selected, and takes what that needs from the cache', async () => {
  const app = testApp();
  const fake = fakePlatform();
  image(app, fake, 'Web', image(app, fake, 'Core'));
  await build(app);
  const { states } = await build(app, { select: ['Web'], force: true });
  expect(states).toEqual({ 'Core/Fake': 'cached', 'Web/Fake': 'succeeded' });
});

test('a selector that matches nothing is an error with the nearest names, before anything starts', async () => {
  const app = testApp();
  const fake = fakePlatform();
  image(app, fake, 'Web');
  const error = await failureOf(app.build({ select: ['Wbe', 'Web', 'Nothing/*'] }));
  expect(error.problems).toEqual([
    { code: 'UNKNOWN_SELECTOR', message: 'the selector `Wbe` matches nothing', hint: 'did you mean `Web`?' },
    expect.objectContaining({ message: 'the selector `Nothing/*` matches nothing' }),
  ]);
  expect(fake.calls).toEqual([]);
  expect(Object.keys(filesBelow(app.baseDir)).filter((file) => file.startsWith('.goldsmith'))).toEqual([]);
});

describe('post-processors', () => {
  beforeEach(() => noted.splice(0));

  test('of an image run for each of its builds, those of the app once for all', async () => {
    const app = testApp();
    const one = fakePlatform({ use: 'one' });
    const two = fakePlatform({ use: 'two' });
    const web = new Image(app, 'Web');
    new one.Source(web, 'One');
    new two.Source(web, 'Two');
    new Note(web, 'Each');
    new Note(web, 'Together', { inputs: 'all' });
    new Note(app, 'All');
    await build(app);

    const images = [one.imageOf('Web/One')!.id, two.imageOf('Web/Two')!.id];
    expect(noted.map(({ id }) => id).sort()).toEqual(['All', 'Web/Each/One', 'Web/Each/Two', 'Web/Together']);
    expect(noted.find(({ id }) => id === 'Web/Each/One')?.inputs).toEqual([images[0]]);
    expect(noted.find(({ id }) => id === 'Web/Together')?.inputs).toEqual(images);
    expect(noted.find(({ id }) => id === 'All')?.inputs).toEqual(images);
  });

  test('in a chain hand on what they make', async () => {
    const app = testApp();
    const fake = fakePlatform();
    const web = image(app, fake, 'Web');
    const chain = new PostProcessorChain(web, 'Release');
    new Pack(chain, 'Pack', { output: 'web.pack', keepInputArtifact: true });
    new Note(chain, 'Note');
    await build(app);

    expect(noted).toEqual([{ id: 'Web/Release/Note/Fake', inputs: [`pack of ${fake.imageOf('Web/Fake')!.id}`] }]);
  });

  test('that take a build over have it deleted when all is well, and it stays cached', async () => {
    const app = testApp();
    const fake = fakePlatform();
    const web = image(app, fake, 'Web');
    new Check(web, 'Check', 'works');
    new Pack(web, 'Pack', 'web.pack');
    const first = await build(app);
    expect(first.report.ok).toBe(true);
    expect(fake.images).toEqual([]);
    expect(first.messages.join()).toContain('keepInputArtifact: true keeps it');
    expect(filesBelow(app.baseDir)['web.pack']).toMatch(/^image-\d+\n$/);

    const again = await build(app);
    expect(new Set(Object.values(again.states))).toEqual(new Set(['cached']));
    expect(fake.count('launch')).toBe(2);
  });

  test('that take a build over leave it where another image starts from it, or another wants it kept', async () => {
    const app = testApp();
    const fake = fakePlatform();
    const core = image(app, fake, 'Core');
    new Pack(core, 'Pack', 'core.pack');
    const web = image(app, fake, 'Web', core);
    new Pack(web, 'Pack', 'web.pack');
    new Note(web, 'Note');
    const kept = image(app, fake, 'Kept');
    new Pack(kept, 'Pack', { output: 'kept.pack', keepInputArtifact: true });
    await build(app);

    expect(fake.images.map(({ node }) => node).sort()).toEqual(['Core/Fake', 'Kept/Fake', 'Web/Fake']);
  });

  test('that fail leave what they would have taken over', async () => {
    const app = testApp();
    const fake = fakePlatform();
    const web = image(app, fake, 'Web');
    new Pack(web, 'Pack', { output: 'web.pack', fail: true });
    const { states } = await build(app);

    expect(states).toEqual({ 'Web/Fake': 'succeeded', 'Web/Pack/Fake': 'failed' });
    expect(fake.imageOf('Web/Fake')).toBeDefined();
    expect(Object.keys(filesBelow(app.baseDir)).filter((file) => /\.pack|\.tmp/.test(file))).toEqual([]);
  });

  test('run in each run where they cannot be cached', async () => {
    const app = testApp();
    const fake = fakePlatform();
    const web = image(app, fake, 'Web');
    new Note(web, 'Note');
    await build(app);
    const again = await build(app);
    expect(again.states).toEqual({ 'Web/Fake': 'cached', 'Web/Note/Fake': 'succeeded' });
    expect(noted).toHaveLength(2);
  });

  test('do not overwrite what goldsmith did not make, unless forced', async () => {
    const app = testApp({ files: { 'web.pack': 'precious' } });
    const fake = fakePlatform();
    const web = image(app, fake, 'Web');
    new Pack(web, 'Pack', { output: 'web.pack', keepInputArtifact: true });
    const refused = await build(app);
    expect(refused.node('Web/Pack/Fake').error).toMatchObject({ code: 'OUTPUT_EXISTS' });
    expect(refused.node('Web/Pack/Fake').error?.hint).toContain('--force');
    expect(filesBelow(app.baseDir)['web.pack']).toBe('precious');

    const forced = await build(app, { force: true });
    expect(forced.states['Web/Pack/Fake']).toBe('succeeded');
    expect(filesBelow(app.baseDir)['web.pack']).not.toBe('precious');
  });

  test('replace what they made before, but not where somebody changed it since', async () => {
    const app = testApp();
    const fake = fakePlatform();
    const web = image(app, fake, 'Web');
    new Pack(web, 'Pack', { output: 'web.pack', keepInputArtifact: true });
    await build(app);
    new Step(web, 'More', 'more');
    expect((await build(app)).states['Web/Pack/Fake']).toBe('succeeded');

    app.write('web.pack', 'edited by hand');
    new Step(web, 'Still', 'more');
    expect((await build(app)).node('Web/Pack/Fake').error?.message).toContain('was changed since goldsmith wrote it');
  });

  test('are not cached when the file they wrote is gone', async () => {
    const app = testApp();
    const fake = fakePlatform();
    const web = image(app, fake, 'Web');
    new Pack(web, 'Pack', { output: 'web.pack', keepInputArtifact: true });
    await build(app);
    const { rmSync } = require('node:fs') as typeof import('node:fs');
    rmSync(`${app.baseDir}/web.pack`);
    const { states } = await build(app);
    expect(states).toEqual({ 'Web/Fake': 'cached', 'Web/Pack/Fake': 'succeeded' });
  });

  test('have nothing to do where the builds make no artifact', async () => {
    const app = testApp();
    const fake = fakePlatform();
    const web = new Image(app, 'Web');
    new fake.Source(web, 'Fake', { discard: true });
    new Note(web, 'Note');
    const { report, messages } = await build(app);
    expect(report.ok).toBe(true);
    expect(messages.join()).toContain('nothing to do');
    expect(noted).toEqual([]);
  });
});

describe('what another program published', () => {
  test('is a base for this one, and is pinned', async () => {
    const producer = testApp({ name: 'producer' });
    const fake = fakePlatform();
    const clock = virtualClock();
    image(producer, fake, 'Core');
    const stateDir = `${producer.baseDir}/.goldsmith`;
    await build(producer, { clock });

    const consumer = testApp({ name: 'consumer' });
    const web = new Image(consumer, 'Web');
    new fake.Source(web, 'Fake', { base: BaseImage.fromCatalog('Core') });
    new Step(web, 'Step', 'web');
    const first = await build(consumer, { stateDir, clock });
    expect(first.report.ok).toBe(true);
    expect(fake.imageOf('Web/Fake')?.history.slice(1)).toEqual(['Core', 'web']);

    new Step(producer.node.findChild('Core') as Image, 'More', 'more');
    await clock.advance(1000);
    await build(producer, { clock });
    expect((await build(consumer, { stateDir, clock })).states).toEqual({ 'Web/Fake': 'cached' });
    await build(consumer, { stateDir, clock, update: true });
    expect(fake.imageOf('Web/Fake')?.history.slice(1)).toEqual(['Core', 'more', 'web']);
  });

  test('is an error that says so where it is not there', async () => {
    const app = testApp();
    const fake = fakePlatform();
    new fake.Source(new Image(app, 'Web'), 'Fake', { base: BaseImage.fromCatalog('acme/Core') });
    const { node } = await build(app);
    expect(node('Web/Fake').error).toMatchObject({
      code: 'LOOKUP_FAILED',
      message: 'the catalog has no image `acme/Core` for `fake`',
    });
  });
});
