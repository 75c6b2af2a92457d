import { Construct } from 'constructs';
import { BaseImage, Image } from '../../lib';
import { fakePlatform, Match, PlanAssert } from '../../lib/testing';
import { Check, Step } from '../helpers/extensions';
import { problemsOf, testApp } from '../helpers/lab';

test('an image made from another has a source of the same platform for each of its sources, which starts from its artifact', () => {
  const app = testApp();
  const one = fakePlatform({ use: 'one' });
  const two = fakePlatform({ use: 'two' });
  const core = new Image(app, 'Core');
  new one.Source(core, 'One', { base: 'stable', size: 3 });
  new two.Source(core, 'Two', { note: 'small' });
  const web = new Image(app, 'Web', { from: core });

  expect(web.from).toBe(core);
  expect(web.sources.map(({ node, type }) => `${node.id} ${type}`)).toEqual(['One one', 'Two two']);
  PlanAssert.fromApp(app)
    .buildCountIs(4)
    .hasBuild('one', { image: 'Core', base: 'stable' })
    .hasBuild('one', { image: 'Web', base: 'Core/One', size: 3, dependsOn: ['Core/One'] })
    .hasBuild('two', { image: 'Web', base: 'Core/Two', note: 'small', dependsOn: ['Core/Two'] });
});

test('the name of the artifact is not taken over', () => {
  const app = testApp();
  const fake = fakePlatform();
  const core = new Image(app, 'Core');
  new fake.Source(core, 'Fake', { name: 'core', size: 2 });
  new Image(app, 'Web', { from: core });

  PlanAssert.fromApp(app).hasBuild('fake', { image: 'Web', config: Match.exact({ size: 2 }) });
});

test('each source may differ, and may be left out', () => {
  const app = testApp();
  const one = fakePlatform({ use: 'one' });
  const two = fakePlatform({ use: 'two' });
  const core = new Image(app, 'Core');
  new one.Source(core, 'One', { size: 1, note: 'kept' });
  new two.Source(core, 'Two');
  new Image(app, 'Web', { from: core, sources: { One: { size: 9, name: 'web' }, Two: false } });

  PlanAssert.fromApp(app)
    .buildCountIs(3)
    .hasBuild('one', { image: 'Web', config: Match.exact({ name: 'web', note: 'kept', size: 9 }) });
});

test('what differs for a source that is not there is a problem that names those that are', () => {
  const app = testApp();
  const fake = fakePlatform();
  const core = new Image(app, 'Core');
  new fake.Source(core, 'Fake');
  new Image(app, 'Web', { from: core, sources: { Docker: { size: 2 } } });

  expect(problemsOf(app)).toMatchObject([
    { code: 'UNKNOWN_SELECTOR', path: 'Web', message: '`sources` names `Docker`, but Core has: Fake' },
  ]);
});

test('`sources` without `from` is a problem', () => {
  const app = testApp();
  const fake = fakePlatform();
  const web = new Image(app, 'Web', { sources: {} });
  new fake.Source(web, 'Fake');
  expect(problemsOf(app)).toMatchObject([{ code: 'INVALID_PROPS', message: '`sources` is given without `from`' }]);
});

test('an image made from one that has no sources yet says that it came too early', () => {
  const app = testApp();
  const fake = fakePlatform();
  const core = new Image(app, 'Core');
  new Image(app, 'Web', { from: core });
  new fake.Source(core, 'Fake');

  expect(problemsOf(app)).toMatchObject([{ code: 'NO_SOURCE', path: 'Web', hint: expect.stringContaining('first') }]);
});

test('`from` that is no image is a problem, not a crash', () => {
  const app = testApp();
  new Image(app, 'Web', { from: 'core' as unknown as Image });
  expect(problemsOf(app)).toMatchObject([
    { code: 'INVALID_PROPS', path: 'Web', message: '`from` is "core", and an Image is needed' },
    { code: 'NO_SOURCE' },
  ]);
});

test('a prop that images do not have is a problem with a suggestion', () => {
  const app = testApp();
  const fake = fakePlatform();
  const web = new Image(app, 'Web', { maxage: '7d' } as object);
  new fake.Source(web, 'Fake');
  expect(problemsOf(app)).toMatchObject([
    { code: 'INVALID_PROPS', path: 'Web', message: 'unknown prop `maxage`', hint: 'did you mean `maxAge`?' },
  ]);
});

test('BaseImage.of starts one source by hand from another image, or from one source of it', () => {
  const app = testApp();
  const fake = fakePlatform();
  const core = new Image(app, 'Core');
  new fake.Source(core, 'A', { size: 1 });
  const second = new fake.Source(core, 'B', { size: 2 });
  const web = new Image(app, 'Web');
  new fake.Source(web, 'First', { base: BaseImage.of(core) });
  new fake.Source(web, 'Second', { base: BaseImage.of(second) });

  PlanAssert.fromApp(app)
    .hasBuild('fake', { id: 'Web/First', base: 'Core/A' })
    .hasBuild('fake', { id: 'Web/Second', base: 'Core/B' });
});

test('an image without a build on the platform is no base, and the message says what it has', () => {
  const app = testApp();
  const one = fakePlatform({ use: 'one' });
  const two = fakePlatform({ use: 'two' });
  const core = new Image(app, 'Core');
  new one.Source(core, 'One');
  const web = new Image(app, 'Web');
  new two.Source(web, 'Two', { base: BaseImage.of(core) });

  expect(problemsOf(app)).toMatchObject([
    {
      code: 'BASE_MISMATCH',
      path: 'Web/Two',
      message: 'it starts from Core, which has no build on `two`; it has: One (one)',
    },
  ]);
});

test('BaseImage.fromCatalog is a lookup in the catalog', () => {
  const app = testApp();
  const fake = fakePlatform();
  new fake.Source(new Image(app, 'Web'), 'Fake', { base: BaseImage.fromCatalog('acme/Core', { channel: 'stable' }) });

  PlanAssert.fromApp(app).hasBuild('fake', {
    base: {
      use: 'catalog',
      lookup: { name: 'acme/Core', channel: 'stable', platform: 'fake' },
      label: 'catalog acme/Core (stable)',
    },
  });
});

test('an image waits for what verifies the one it starts from, wherever that stands in the tree', () => {
  const app = testApp();
  const fake = fakePlatform();
  const first = new Construct(app, 'First');
  const second = new Construct(app, 'Second');
  const core = new Image(second, 'Core');
  new fake.Source(core, 'Fake');
  new Image(first, 'Web', { from: core });
  new Check(core, 'Check', 'works');

  PlanAssert.fromApp(app).hasBuild('fake', {
    image: 'First/Web',
    dependsOn: ['Second/Core/Check/Fake', 'Second/Core/Fake'],
  });
});

test('sources, steps and groups may stand anywhere below the image', () => {
  const app = testApp();
  const fake = fakePlatform();
  const web = new Image(app, 'Web');
  new fake.Source(new Construct(web, 'Platforms'), 'Fake');
  const group = new Construct(web, 'Hardening');
  new Step(group, 'One', 'one');
  new Step(new Construct(group, 'Deep'), 'Two', 'two');
  new Step(web, 'Three', 'three');
  new Check(web, 'Check', 'works');

  PlanAssert.fromApp(app)
    .hasBuild('fake', {
      id: 'Web/Platforms/Fake',
      image: 'Web',
      provisioners: [{ id: 'Web/Hardening/One' }, { id: 'Web/Hardening/Deep/Two' }, { id: 'Web/Three' }],
    })
    .hasVerification({ id: 'Web/Check/Platforms/Fake', build: 'Web/Platforms/Fake' });
});

test('two sources of the same id in two groups give two verifications', () => {
  const app = testApp();
  const fake = fakePlatform();
  const web = new Image(app, 'Web');
  new fake.Source(new Construct(web, 'A'), 'Fake', { size: 1 });
  new fake.Source(new Construct(web, 'B'), 'Fake', { size: 2 });
  new Check(web, 'Check', 'works');

  const ids = app.synth().nodes.map(({ id }) => id);
  expect(ids).toEqual(['Web/A/Fake', 'Web/Check/A/Fake', 'Web/B/Fake', 'Web/Check/B/Fake']);
});

test('an image within an image, and steps and sources outside of one, are problems', () => {
  const app = testApp();
  const fake = fakePlatform();
  const web = new Image(app, 'Web');
  new fake.Source(web, 'Fake');
  const inner = new Image(web, 'Inner');
  new fake.Source(inner, 'Fake');
  new Step(app, 'Step', 'a');
  new fake.Source(app, 'Source');
  new Check(app, 'Check', 'works');

  expect(problemsOf(app).map(({ path, message }) => `${path}: ${message}`)).toEqual([
    'Web/Inner: an image stands within another image',
    'Step: a provisioner stands outside of any image',
    'Source: a source stands outside of any image',
    'Check: a verification stands outside of any image',
  ]);
});
