import { Image } from '../../lib';
import { fakePlatform, virtualClock, type FakePlatform, type TestApp } from '../../lib/testing';
import { Check, Look, Pack, Step } from '../helpers/extensions';
import { build, testApp } from '../helpers/lab';

const DAY = 86_400_000;

/** The same project again with another program: as a user who edits images.ts and runs it once more. */
function project(fake: FakePlatform = fakePlatform()) {
  const first = testApp();
  return {
    fake,
    app(define: (app: TestApp) => void): TestApp {
      const app = testApp();
      Object.assign(app, { baseDir: first.baseDir });
      define(app);
      return app;
    },
  };
}

function web(fake: FakePlatform, steps: readonly string[], props: object = {}, image: object = {}) {
  return (app: TestApp): void => {
    const made = new Image(app, 'Web', image);
    new fake.Source(made, 'Fake', props);
    steps.forEach((run, index) => new Step(made, `Step${index}`, run));
  };
}

describe('a build whose inputs have not changed', () => {
  test('is taken from the cache: nothing is launched', async () => {
    const { app, fake } = project();
    const first = await build(app(web(fake, ['a', 'b'])));
    const again = await build(app(web(fake, ['a', 'b'])));

    expect(again.states).toEqual({ 'Web/Fake': 'cached' });
    expect(fake.count('launch')).toBe(1);
    expect(again.node('Web/Fake').artifact).toEqual(first.node('Web/Fake').artifact);
  });

  test('says so out loud: what was reused, when it was built, how to refresh it', async () => {
    const { app, fake } = project();
    const clock = virtualClock();
    await build(app(web(fake, ['a'])), { clock });
    const builtAt = clock.now();
    await clock.advance(DAY);
    const again = await build(app(web(fake, ['a'])), { clock });

    expect(again.node('Web/Fake').cache).toEqual({ builtAt, refresh: "goldsmith build --force 'Web/Fake'" });
  });

  test('is built again with --force', async () => {
    const { app, fake } = project();
    await build(app(web(fake, ['a', 'b'])));
    const again = await build(app(web(fake, ['a', 'b'])), { force: true });

    expect(again.states).toEqual({ 'Web/Fake': 'succeeded' });
    expect(fake.commands.map(({ command }) => command)).toEqual(['a', 'b', 'a', 'b']);
  });

  test('is built again when somebody deleted its artifact, from its last checkpoint', async () => {
    const { app, fake } = project();
    await build(app(web(fake, ['a', 'b'])));
    fake.remove(fake.imageOf('Web/Fake')!.id);
    const again = await build(app(web(fake, ['a', 'b'])));

    expect(again.states).toEqual({ 'Web/Fake': 'succeeded' });
    expect(fake.commands).toHaveLength(2);
    expect(fake.imageOf('Web/Fake')?.history.slice(1)).toEqual(['a', 'b']);
  });

  test('is built again when it is older than its maxAge, from the start', async () => {
    const { app, fake } = project();
    const clock = virtualClock();
    const image = { maxAge: '7d' };
    await build(app(web(fake, ['upgrade'], {}, image)), { clock });
    await clock.advance(7 * DAY);
    expect((await build(app(web(fake, ['upgrade'], {}, image)), { clock })).states).toEqual({ 'Web/Fake': 'cached' });
    await clock.advance(1);
    const stale = await build(app(web(fake, ['upgrade'], {}, image)), { clock });

    expect(stale.states).toEqual({ 'Web/Fake': 'succeeded' });
    expect(fake.commands).toHaveLength(2);
  });

  test('is built again when the base has moved and the lock file with it', async () => {
    const { app, fake } = project();
    await build(app(web(fake, ['a'])));
    fake.publish('stable', 2);
    expect((await build(app(web(fake, ['a'])))).states).toEqual({ 'Web/Fake': 'cached' });
    const moved = await build(app(web(fake, ['a'])), { update: true });

    expect(moved.states).toEqual({ 'Web/Fake': 'succeeded' });
    expect(fake.imageOf('Web/Fake')?.history).toEqual(['base [{"name":"stable","version":2},1]', 'a']);
  });

  test('is not disturbed by props that show nowhere, by policies, or by ids', async () => {
    const { app, fake } = project();
    await build(app(web(fake, ['a'], { note: 'one' })));
    const again = await build(
      app((root) => {
        const made = new Image(root, 'Web');
        new fake.Source(made, 'Fake', { note: 'two' });
        new Step(made, 'Renamed', { run: 'a', timeout: '1h', maxRetries: 3 });
        new Look(made, 'Look', 'look around');
      }),
    );

    expect(again.states).toEqual({ 'Web/Fake': 'cached' });
  });

  test('is shared by two images that are the same: one is built, the other finds it', async () => {
    const { app, fake } = project();
    const both = (root: TestApp): void => {
      for (const id of ['One', 'Two']) {
        const made = new Image(root, id);
        new fake.Source(made, 'Fake');
        new Step(made, 'A', 'a');
      }
    };
    const { states } = await build(app(both), { clock: undefined } as object);

    expect(Object.values(states).sort()).toEqual(['cached', 'succeeded']);
    expect(fake.count('launch')).toBe(1);
  });

  test('is never taken from the cache on a platform that cannot be cached', async () => {
    const { app, fake } = project(fakePlatform({ cacheable: false, checkpoints: false }));
    await build(app(web(fake, ['a'])));
    expect((await build(app(web(fake, ['a'])))).states).toEqual({ 'Web/Fake': 'succeeded' });
  });
});

describe('a build of which something changed', () => {
  test('runs only the step that changed and those after it', async () => {
    const { app, fake } = project();
    await build(app(web(fake, ['a', 'b', 'c'])));
    const again = await build(app(web(fake, ['a', 'b', 'C'])));

    expect(fake.commands.map(({ command }) => command)).toEqual(['a', 'b', 'c', 'C']);
    expect(again.steps).toEqual([
      'Web/Step0: cached',
      'Web/Step1: cached',
      'Web/Fake/launch: succeeded',
      'Web/Fake/connect: succeeded',
      'Web/Step2: succeeded',
      'Web/Fake/capture: succeeded',
    ]);
    expect(fake.imageOf('Web/Fake')?.history.slice(1)).toEqual(['a', 'b', 'C']);
  });

  test('runs no step when only the artifact is named otherwise', async () => {
    const { app, fake } = project();
    await build(app(web(fake, ['a', 'b'], { name: 'one' })));
    const again = await build(app(web(fake, ['a', 'b'], { name: 'two', tags: { team: 'web' } })));

    expect(again.states).toEqual({ 'Web/Fake': 'succeeded' });
    expect(fake.commands).toHaveLength(2);
    expect(again.node('Web/Fake').artifact?.outputs).toMatchObject({ name: 'two' });
  });

  test('runs everything when the machine itself is another', async () => {
    const { app, fake } = project();
    await build(app(web(fake, ['a', 'b'])));
    await build(app(web(fake, ['a', 'b'], { size: 2 })));

    expect(fake.commands.map(({ command }) => command)).toEqual(['a', 'b', 'a', 'b']);
  });

  test('starts from the checkpoint before a checkpoint that is gone', async () => {
    const { app, fake } = project();
    await build(app(web(fake, ['a', 'b', 'c'])));
    fake.remove(fake.checkpoints.find(({ history }) => history.length === 3)!.id);
    await build(app(web(fake, ['a', 'b', 'C'])));

    expect(fake.commands.map(({ command }) => command)).toEqual(['a', 'b', 'c', 'b', 'C']);
  });

  test('runs everything without checkpoints', async () => {
    const { app, fake } = project();
    await build(app(web(fake, ['a', 'b'])), { checkpoints: false });
    expect(fake.checkpoints).toEqual([]);
    await build(app(web(fake, ['a', 'B'])), { checkpoints: false });

    expect(fake.commands.map(({ command }) => command)).toEqual(['a', 'b', 'a', 'B']);
  });

  test('runs again when an asset has other bytes, and not when it only moved', async () => {
    const { app, fake } = project();
    const define = (content: string, file: string) =>
      app((root) => {
        root.write(file, content);
        const made = new Image(root, 'Web');
        new fake.Source(made, 'Fake');
        new Step(made, 'A', { run: 'a', script: file });
      });
    await build(define('one', 'x/setup.sh'));
    expect((await build(define('one', 'y/setup.sh'))).states).toEqual({ 'Web/Fake': 'cached' });
    expect((await build(define('two', 'y/setup.sh'))).states).toEqual({ 'Web/Fake': 'succeeded' });
  });

  test('makes its dependants build again, and their cached verifications and post-processors too', async () => {
    const { app, fake } = project();
    const define = (run: string) =>
      app((root) => {
        const core = new Image(root, 'Core');
        new fake.Source(core, 'Fake');
        new Step(core, 'A', run);
        const child = new Image(root, 'Child', { from: core });
        new Step(child, 'B', 'b');
        new Check(child, 'Check', 'works');
        new Pack(child, 'Pack', { output: 'child.pack', keepInputArtifact: true });
      });
    await build(define('a'));
    const same = await build(define('a'));
    expect(new Set(Object.values(same.states))).toEqual(new Set(['cached']));
    const changed = await build(define('A'));
    expect(new Set(Object.values(changed.states))).toEqual(new Set(['succeeded']));
    expect(fake.imageOf('Child/Fake')?.history.slice(1)).toEqual(['A', 'b']);
  });
});

describe('a build that failed', () => {
  test('goes on where it stopped when it is run again', async () => {
    const { app, fake } = project();
    let broken = true;
    fake.onCommand(({ command }) => (command === 'c' && broken ? { code: 1 } : undefined));
    const first = await build(app(web(fake, ['a', 'b', 'c', 'd'])));
    broken = false;
    const again = await build(app(web(fake, ['a', 'b', 'c', 'd'])));

    expect(first.states).toEqual({ 'Web/Fake': 'failed' });
    expect(again.states).toEqual({ 'Web/Fake': 'succeeded' });
    expect(fake.commands.map(({ command }) => command)).toEqual(['a', 'b', 'c', 'c', 'd']);
    expect(fake.imageOf('Web/Fake')?.history.slice(1)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('goes on where it stopped when the step that failed is mended', async () => {
    const { app, fake } = project();
    fake.onCommand(({ command }) => (command === 'typo' ? { code: 1 } : undefined));
    await build(app(web(fake, ['a', 'typo'])));
    await build(app(web(fake, ['a', 'right'])));

    expect(fake.commands.map(({ command }) => command)).toEqual(['a', 'typo', 'right']);
  });

  test('is built with a warning where only its checkpoint failed, and keeps no orphan', async () => {
    const { app, fake } = project();
    fake.fail('checkpoint', { phase: 'after', when: ({ node }) => node === 'Web/Fake' });
    const { states, messages } = await build(app(web(fake, ['a', 'b'])));

    expect(states).toEqual({ 'Web/Fake': 'succeeded' });
    expect(messages.join()).toContain('no checkpoint was kept');
    expect(fake.checkpoints.map(({ history }) => history.length)).toEqual([3]);
  });
});

test('checkpoints of older versions of an image are deleted', async () => {
  const { app, fake } = project();
  for (const version of ['1', '2', '3', '4', '5']) await build(app(web(fake, ['a', version])));
  expect(fake.checkpoints.map(({ history }) => history.slice(1).join())).toEqual(['a', 'a,3', 'a,4', 'a,5']);
});
