import * as fs from 'node:fs';
import * as path from 'node:path';
import { Asset, BaseImage, Image, text, timestamp, uniqueId } from '../../lib';
import { formatTime } from '../../lib/engine/resolve';
import { fakePlatform, virtualClock } from '../../lib/testing';
import { Check, Note, Pack, Step } from '../helpers/extensions';
import { build, testApp } from '../helpers/lab';

function images() {
  const app = testApp({ files: { 'scripts/setup.sh': 'x', 'site/index.html': 'x' } });
  const fake = fakePlatform();
  const core = new Image(app, 'Core');
  new fake.Source(core, 'Fake', { name: 'the core' });
  const web = new Image(app, 'Web');
  new fake.Source(web, 'Fake', { size: 2 });
  return { app, fake, core, web };
}

test('an output is what the build has made by then, in steps, sources, verifications and post-processors', async () => {
  const { app, fake, core, web } = images();
  const { id, imageId } = core.artifact('Fake');
  new Step(web, 'Step', { run: text`from ${id}`, env: { NAME: core.artifact('Fake').output('name') } });
  new Check(web, 'Check', { run: text`check ${imageId}` });
  new Pack(web, 'Pack', { output: text`${id}.pack`, keepInputArtifact: true });
  const tagged = new Image(app, 'Tagged');
  new fake.Source(tagged, 'Fake', {
    size: 3,
    name: text`after ${id}`,
    tags: { steps: text`${core.artifact('Fake').output('steps')}` },
  });
  const { report, node } = await build(app);

  expect(report.ok).toBe(true);
  const made = fake.imageOf('Core/Fake')!.id;
  expect(fake.imageOf('Web/Fake')?.history.slice(1)).toEqual([`from ${made}`]);
  expect(fake.commands.map(({ command }) => command)).toContain(`check ${made}`);
  expect(fs.existsSync(path.join(app.baseDir, `${made}.pack`))).toBe(true);
  expect(node('Tagged/Fake').artifact?.outputs['name']).toBe(`after ${made}`);
});

test('an output that has changed builds anew what uses it, and one that has not does not', async () => {
  const { app, core, web } = images();
  new Step(web, 'Step', text`steps: ${core.artifact('Fake').output('steps')}`);
  await build(app);
  const forced = await build(app, { select: ['Core'], force: true });
  expect(forced.states).toEqual({ 'Core/Fake': 'succeeded' });
  expect((await build(app)).states).toEqual({ 'Core/Fake': 'cached', 'Web/Fake': 'cached' });
  new Step(core, 'More', 'more');
  expect((await build(app)).states).toEqual({ 'Core/Fake': 'succeeded', 'Web/Fake': 'succeeded' });
});

test('an output that a build does not have names those it has', async () => {
  const { app, core, web } = images();
  new Step(web, 'Step', core.artifact('Fake').output('colour'));
  const { node } = await build(app);
  expect(node('Web/Fake').error).toMatchObject({
    code: 'NOT_FOUND',
    message: 'Core/Fake has no output `colour`; it has: id, imageId, name, steps',
  });
});

test('an output of a build that makes no artifact says so', async () => {
  const { app, fake, web } = images();
  const none = new Image(app, 'None');
  new fake.Source(none, 'Fake', { discard: true });
  new Step(web, 'Step', none.artifact('Fake').id);
  const { node } = await build(app);
  expect(node('Web/Fake').error).toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining('makes no artifact'),
  });
});

test('timestamp() and uniqueId() are the same throughout a run, differ between runs, and are in no cache key', async () => {
  const { app, fake, core, web } = images();
  const clock = virtualClock({ now: Date.UTC(2026, 1, 3, 4, 5, 6) });
  const stamp = text`${timestamp()} ${timestamp('unix')} ${uniqueId()} ${uniqueId(64)}`;
  new Step(core, 'Step', stamp);
  new Step(web, 'Step', stamp);
  await build(app, { clock });
  const [one, two] = fake.commands.map(({ command }) => command);
  expect(one).toMatch(/^20260203040506 1770091506 [0-9a-z]{8} [0-9a-z]{64}$/);
  expect(two).toBe(one);

  expect((await build(app, { clock })).states).toEqual({ 'Core/Fake': 'cached', 'Web/Fake': 'cached' });
  await clock.advance(1000);
  await build(app, { clock, force: true });
  expect(fake.commands[2]?.command).toMatch(/^20260203040507 /);
  expect(fake.commands[2]?.command.slice(-64)).not.toBe(one?.slice(-64));
});

test.each([
  ['YYYY-MM-DD', '2026-02-03'],
  ['HH:mm:ss', '04:05:06'],
  ['unix', '1770091506'],
  ['build-YYYYMMDD', 'build-20260203'],
  ['', ''],
])('a time by the format %j is %j', (format, expected) => {
  expect(formatTime(Date.UTC(2026, 1, 3, 4, 5, 6), format)).toBe(expected);
});

test('an asset is the path of a staged copy, whatever happens to the original meanwhile', async () => {
  const { app, fake, web } = images();
  const seen: string[] = [];
  new Step(web, 'Step', { run: 'a', script: 'scripts/setup.sh', folder: new Asset('site/') });
  new Step(web, 'Show', { run: 'b', script: 'scripts/setup.sh' });
  const load = fake.extension.load.bind(fake.extension);
  Object.assign(fake.extension, {
    load: (...given: Parameters<typeof load>) => {
      fs.rmSync(path.join(app.baseDir, 'scripts'), { recursive: true });
      return load(...given);
    },
  });
  const { step } = jest.requireActual<typeof import('../helpers/extensions')>('../helpers/extensions');
  const run = jest.spyOn(step, 'run').mockImplementation((config) => {
    for (const file of [config.script, config.folder]) if (file !== undefined) seen.push(file);
    return Promise.resolve();
  });
  await build(app);
  run.mockRestore();
  expect(seen.map((file) => path.relative(app.baseDir, file).replace(/[0-9a-f]{64}/, 'HASH'))).toEqual([
    'goldsmith.out/assets/HASH/setup.sh',
    'goldsmith.out/assets/HASH/site',
    'goldsmith.out/assets/HASH/setup.sh',
  ]);
  expect(seen[1]?.endsWith('/')).toBe(true);
  expect(fs.readFileSync(seen[0]!, 'utf8')).toBe('x');
});

describe('the lock file', () => {
  const lockOf = (app: { readonly baseDir: string }): string => path.join(app.baseDir, 'goldsmith.lock.json');
  const read = (app: { readonly baseDir: string }): { lookups: Record<string, { resolved: unknown }> } =>
    JSON.parse(fs.readFileSync(lockOf(app), 'utf8')) as { lookups: Record<string, { resolved: unknown }> };

  test('pins what a lookup resolved to, until it is moved', async () => {
    const { app, fake } = images();
    fake.publish('stable', 7);
    await build(app);
    expect(Object.keys(read(app).lookups)).toEqual(['fake stable']);
    expect(read(app).lookups['fake stable']?.resolved).toEqual({ name: 'stable', version: 7 });

    fake.publish('stable', 8);
    expect((await build(app, { force: true })).report.ok).toBe(true);
    expect(fake.imageOf('Core/Fake')?.history[0]).toContain('"version":7');
    await build(app, { update: true });
    expect(fake.imageOf('Core/Fake')?.history[0]).toContain('"version":8');
    expect(read(app).lookups['fake stable']?.resolved).toEqual({ name: 'stable', version: 8 });
  });

  test('asks once for what many builds start from', async () => {
    const { app, fake } = images();
    for (let index = 0; index < 5; index += 1)
      new fake.Source(new Image(app, `I${index}`), 'Fake', { size: index + 5 });
    await build(app);
    expect(fake.count('lookup')).toBe(1);
  });

  test('has no entry for an exact base or an artifact', async () => {
    const app = testApp();
    const fake = fakePlatform();
    const core = new Image(app, 'Core');
    new fake.Source(core, 'Fake', { base: 'stable@3' });
    new Image(app, 'Web', { from: core });
    await build(app);
    expect(fs.existsSync(lockOf(app))).toBe(false);
    expect(fake.count('lookup')).toBe(0);
  });

  test('has its entries in the order of their names, and keeps those of other programs', async () => {
    const { app, fake } = images();
    new fake.Source(new Image(app, 'Z'), 'Fake', { base: 'alpha' });
    const other = { id: 'x', resolved: 1, at: '2026-01-01T00:00:00.000Z' };
    fs.writeFileSync(lockOf(app), JSON.stringify({ version: 1, lookups: { 'docker x': other } }));
    await build(app);
    expect(Object.keys(read(app).lookups)).toEqual(['docker x', 'fake alpha', 'fake stable']);
  });

  test('with --locked must have every lookup', async () => {
    const { app, fake } = images();
    const refused = await build(app, { locked: true });
    expect(refused.node('Core/Fake').error).toMatchObject({
      code: 'LOCKED',
      message: 'fake stable is not in goldsmith.lock.json, and --locked forbids to look it up',
    });
    expect(fake.count('lookup')).toBe(0);
    await build(app);
    expect((await build(app, { locked: true, force: true })).report.ok).toBe(true);
  });

  test.each([
    '{',
    '[]',
    '{"version": 2, "lookups": {}}',
    '{"version": 1, "lookups": null}',
    '{"version": 1, "lookups": {"a": 5}}',
  ])('that is damaged is said to be, and not replaced: %s', async (content) => {
    const { app } = images();
    fs.writeFileSync(lockOf(app), content);
    const { node } = await build(app);
    expect(node('Core/Fake').error).toMatchObject({
      code: 'STATE_DAMAGED',
      hint: expect.stringContaining('version control'),
    });
    expect(fs.readFileSync(lockOf(app), 'utf8')).toBe(content);
  });

  test('is not touched by a build that changes nothing', async () => {
    const { app } = images();
    await build(app);
    const before = fs.statSync(lockOf(app)).mtimeMs;
    await build(app);
    expect(fs.statSync(lockOf(app)).mtimeMs).toBe(before);
  });

  test('is not written when the lookup fails', async () => {
    const { app, fake } = images();
    fake.fail('lookup');
    const { node } = await build(app);
    expect(node('Core/Fake').error?.message).toContain('lookup fails');
    expect(fs.existsSync(lockOf(app))).toBe(false);
  });
});

test('a base of the catalog and a note on it do not disturb each other', async () => {
  const { app, fake } = images();
  const user = new Image(app, 'User');
  new fake.Source(user, 'Fake', { base: BaseImage.fromCatalog('test/Core') });
  user.node.addDependency(app.node.findChild('Core'));
  new Note(app, 'Note');
  const { report } = await build(app);
  expect(report.ok).toBe(true);
  expect(fake.imageOf('User/Fake')?.history).toEqual(fake.imageOf('Core/Fake')?.history);
});
