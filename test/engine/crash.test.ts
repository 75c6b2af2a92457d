import { Image } from '../../lib';
import { Catalog, FileStore } from '../../lib/catalog';
import { FileJournal, GoldsmithError, recover } from '../../lib/engine';
import { fakePlatform, type FakePlatform, type TestApp } from '../../lib/testing';
import { Check, Pack, Step } from '../helpers/extensions';
import { DyingRun, type Death } from '../helpers/dying';
import { build, filesBelow, testApp } from '../helpers/lab';

/** Two images, one from the other, with everything that creates and deletes. */
function define(app: TestApp, fake: FakePlatform, version: string): void {
  const core = new Image(app, 'Core');
  new fake.Source(core, 'Fake');
  new Step(core, 'A', 'a');
  new Step(core, 'B', `b${version}`);
  new Check(core, 'Check', 'works');
  const web = new Image(app, 'Web', { from: core });
  new Step(web, 'C', 'c');
  new Pack(web, 'Pack', 'web.pack');
}

interface Project {
  readonly fake: FakePlatform;
  readonly baseDir: string;
  readonly stateDir: string;
  app(version: string): TestApp;
}

function project(): Project {
  const { baseDir } = testApp();
  const fake = fakePlatform();
  return {
    fake,
    baseDir,
    stateDir: `${baseDir}/.goldsmith`,
    app(version) {
      const app = testApp();
      Object.assign(app, { baseDir });
      define(app, fake, version);
      return app;
    },
  };
}

/** What exists on the platform and is in no catalog, and what lies about on the disk. */
async function forgotten({ fake, baseDir, stateDir }: Project): Promise<string[]> {
  const catalog = new Catalog(new FileStore(`${stateDir}/store`));
  const known = new Set<string>();
  for (const { artifact, consumed } of await catalog.records())
    if (!consumed) for (const { token } of artifact?.resources ?? []) known.add(token);
  for (const { checkpoint } of await catalog.checkpoints())
    for (const { token } of checkpoint.resources) known.add(token);
  const things = [...fake.machines, ...fake.images, ...fake.checkpoints];
  return [
    ...things.filter(({ token }) => !known.has(token)).map(({ id, node }) => `${id} of ${node}`),
    ...Object.keys(filesBelow(baseDir)).filter((file) => /\.tmp|\.old|locks\//.test(file)),
  ];
}

/** Kills a run at every record of its journal. Returns at how many. */
async function killEverywhere(prepare: (one: Project) => Promise<void>, when: Death['when']): Promise<number> {
  for (let record = 1; ; record += 1) {
    const one = project();
    await prepare(one);
    const dying = new DyingRun({ record, when }, one.stateDir, one.fake);
    const run = build(one.app('2'), { openJournal: dying.openJournal, store: dying.store });
    const finished = await Promise.race([run.then(() => true), dying.died.then(() => false)]);
    if (finished) {
      expect((await run).report.ok).toBe(true);
      return record - 1;
    }
    await dying.bury();
    one.fake.heal();

    const options = { projectDir: one.baseDir, extensions: one.fake.extensions };
    const { left, damaged } = await recover(options);
    expect({ record, left, damaged }).toEqual({ record, left: [], damaged: when === 'torn' ? 1 : 0 });
    expect({ record, forgotten: await forgotten(one) }).toEqual({ record, forgotten: [] });
    // Nothing more is found, and the next build is as good as any.
    expect((await recover(options)).destroyed).toEqual([]);
    const again = await build(one.app('2'));
    expect({ record, states: Object.values(again.states), left: again.report.left }).toMatchObject({
      record,
      left: [],
    });
    expect(again.report.ok).toBe(true);
    expect(one.fake.imageOf('Core/Fake')?.history.slice(1)).toEqual(['a', 'b2']);
    expect(filesBelow(one.baseDir)['web.pack']).toMatch(/^image-\d+\n$/);
    expect(await forgotten(one)).toEqual([]);
  }
}

describe.each([
  ['before a record of its journal is written', 'before'],
  ['when half of a record of its journal is written', 'torn'],
  ['when a record of its journal is written', 'after'],
] as const)('a process that is killed %s, whichever it is,', (_name, when) => {
  test('in a first build leaves nothing that recover does not find', async () => {
    expect(await killEverywhere(() => Promise.resolve(), when)).toBeGreaterThan(25);
  });

  if (when === 'torn') return;

  test('in a build after an edit leaves nothing that recover does not find', async () => {
    const prepare = async (one: Project): Promise<void> => {
      for (const version of ['1', '0', 'x', 'y']) await build(one.app(version));
    };
    expect(await killEverywhere(prepare, when)).toBeGreaterThan(25);
  });
});

test('the next build recovers by itself', async () => {
  const one = project();
  const dying = new DyingRun({ record: 3, when: 'after' }, one.stateDir, one.fake);
  void build(one.app('2'), { openJournal: dying.openJournal, store: dying.store });
  await dying.died;
  await dying.bury();
  one.fake.heal();
  expect(one.fake.machines).toHaveLength(1);

  const { report, events } = await build(one.app('2'));
  expect(report.ok).toBe(true);
  expect(one.fake.machines).toEqual([]);
  expect(events[0]).toMatchObject({ type: 'resource', phase: 'destroying', kind: 'fake:machine' });
});

test('what cannot be deleted stays in the journal and is tried again', async () => {
  const one = project();
  const dying = new DyingRun({ record: 3, when: 'after' }, one.stateDir, one.fake);
  void build(one.app('2'), { openJournal: dying.openJournal, store: dying.store });
  await dying.died;
  await dying.bury();
  one.fake.heal();
  one.fake.leak();
  const options = { projectDir: one.baseDir, extensions: one.fake.extensions };
  const first = await recover(options);
  expect(first.left).toMatchObject([{ resource: { kind: 'fake:machine' }, error: expect.stringContaining('refuses') }]);
  one.fake.heal();
  expect((await recover(options)).destroyed).toMatchObject([{ kind: 'fake:machine' }]);
  expect((await recover(options)).destroyed).toEqual([]);
  expect(await forgotten(one)).toEqual([]);
});

test('a recovery that is killed itself is done by the next one', async () => {
  const one = project();
  const dying = new DyingRun({ record: 5, when: 'after' }, one.stateDir, one.fake);
  void build(one.app('2'), { openJournal: dying.openJournal, store: dying.store });
  await dying.died;
  await dying.bury();
  one.fake.heal();
  const options = { projectDir: one.baseDir, extensions: one.fake.extensions };
  const { reached } = one.fake.hang('destroy', { phase: 'after' });
  void recover(options);
  await reached;
  one.fake.heal();
  expect((await recover(options)).left).toEqual([]);
  expect(await forgotten(one)).toEqual([]);
});

describe('a failing journal, as on a full disk,', () => {
  test('fails the run, wherever it begins to, and leaves nothing that recover does not find', async () => {
    for (let from = 1; ; from += 1) {
      const one = project();
      let count = 0;
      const outcome = await build(one.app('2'), {
        openJournal: async (file) => {
          const journal = await FileJournal.open(file);
          return {
            append: (record) => {
              count += 1;
              if (count < from) return journal.append(record);
              return Promise.reject(new GoldsmithError('NO_SPACE', 'no space is left'));
            },
            close: () => journal.close(),
          };
        },
      }).then(
        ({ report }) => report,
        (error: unknown) => error as Error,
      );
      if (count < from) break;
      if (!('ok' in outcome)) expect(outcome).toMatchObject({ code: 'NO_SPACE' });
      const stateDir = { projectDir: one.baseDir, extensions: one.fake.extensions };
      await recover(stateDir);
      expect({ from, forgotten: await forgotten(one) }).toEqual({ from, forgotten: [] });
    }
  });
});
