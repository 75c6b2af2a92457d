import * as fs from 'node:fs';
import * as path from 'node:path';
import { GoldsmithError, Image } from '../../lib';
import { recover, RunFolder } from '../../lib/engine';
import {
  fakePlatform,
  virtualClock,
  type FakePlatform,
  type FakeVerb,
  type FaultPhase,
  type TestApp,
} from '../../lib/testing';
import { Check, Pack, Step } from '../helpers/extensions';
import { build, failureOf, filesBelow, testApp } from '../helpers/lab';

function web(
  steps: readonly string[] = ['a', 'b'],
  fake = fakePlatform(),
): { app: TestApp; fake: FakePlatform; image: Image } {
  const app = testApp();
  const image = new Image(app, 'Web');
  new fake.Source(image, 'Fake');
  steps.forEach((run, index) => new Step(image, `Step${index}`, run));
  return { app, fake, image };
}

const breakB = (fake: FakePlatform): void =>
  fake.onCommand(({ command }) => (command === 'b' ? { code: 1 } : undefined));
const STATES = (app: TestApp): string => path.join(app.baseDir, '.goldsmith');

describe('a failure anywhere in a build', () => {
  const places: readonly (readonly [FakeVerb, FaultPhase])[] = [
    ['load', 'before'],
    ['lookup', 'before'],
    ['preflight', 'before'],
    ['launch', 'before'],
    ['launch', 'created'],
    ['launch', 'after'],
    ['connect', 'before'],
    ['connect', 'after'],
    ['exec', 'before'],
    ['exec', 'after'],
    ['capture', 'before'],
    ['capture', 'created'],
    ['capture', 'after'],
  ];

  test.each(places)('fails that build with a message and leaves nothing: %s (%s)', async (verb, phase) => {
    const { app, fake } = web();
    fake.fail(verb, { phase });
    const { report, node } = await build(app);
    expect(report.status).toBe('failed');
    expect(node('Web/Fake').error?.message).toContain(`${verb} fails`);
    expect(node('Web/Fake').error?.source).toMatch(/failing\.test\.ts:\d+$/);
    expect([...fake.machines, ...fake.images]).toEqual([]);
    expect(report.left).toEqual([]);
    expect((await build(app)).report.ok).toBe(true);
  });

  test('that throws no proper error is told in the words of its step', async () => {
    for (const thrown of [new TypeError('x is undefined'), 'a string', undefined, { odd: true }]) {
      const { app, fake } = web();
      fake.on('launch', () => {
        throw thrown;
      });
      const { node } = await build(app);
      expect(node('Web/Fake').error?.code).toBe('LAUNCH_FAILED');
      expect(node('Web/Fake').error?.message).not.toBe('');
    }
  });

  test('of preflight tells all that is wrong', async () => {
    const { app, fake } = web();
    fake.problems.push(
      { code: 'ACCESS_DENIED', message: 'no credentials', hint: 'log in' },
      { code: 'NOT_FOUND', message: 'no such network' },
    );
    const { node } = await build(app);
    expect(node('Web/Fake').error?.message).toContain('no credentials');
    expect(node('Web/Fake').error?.message).toContain('no such network');
    expect(fake.count('launch')).toBe(0);
  });
});

describe('a machine of a failed build', () => {
  test('is deleted, where nothing else is said', async () => {
    const { app, fake } = web();
    breakB(fake);
    const { report } = await build(app);
    expect(fake.machines).toEqual([]);
    expect(report.left).toEqual([]);
  });

  test('is left with `keep`, and how to get in and how to remove it is said', async () => {
    const { app, fake } = web();
    breakB(fake);
    const { report, messages } = await build(app, { onError: 'keep' });
    expect(fake.machines.map(({ id }) => id)).toEqual(['machine-1']);
    expect(report.left).toMatchObject([{ kind: 'fake:machine', id: 'machine-1', node: 'Web/Fake', why: 'kept' }]);
    expect(report.left[0]?.detail).toBe(`get in: fake enter machine-1; remove: goldsmith recover ${report.run}`);
    expect(messages.join('\n')).toContain('get in:  fake enter machine-1');
    expect(messages.join('\n')).toContain(`remove:  goldsmith recover ${report.run}   (or fake remove machine-1)`);

    // Neither the next build nor a recovery of dead runs takes it away, only the one that names it.
    const options = { projectDir: app.baseDir, extensions: fake.extensions };
    await build(app, { select: ['Web'] });
    await recover(options);
    expect(fake.machines.map(({ id }) => id)).toContain('machine-1');
    expect((await recover({ ...options, runs: [report.run] })).destroyed).toMatchObject([{ id: 'machine-1' }]);
    expect(fake.machines).toEqual([]);
    expect((await recover({ ...options, runs: [report.run] })).destroyed).toEqual([]);
  });

  test('is deleted also with `keep` when the run is cancelled or all goes well', async () => {
    const { app, fake } = web();
    const { reached } = fake.hang('exec');
    const cancel = new AbortController();
    const run = build(app, { onError: 'keep', signal: cancel.signal });
    await reached;
    cancel.abort(new GoldsmithError('CANCELLED', 'interrupted'));
    expect((await run).report).toMatchObject({ status: 'cancelled', left: [] });
    expect((await build(app, { onError: 'keep' })).report).toMatchObject({ ok: true, left: [] });
    expect(fake.machines).toEqual([]);
  });

  describe('with `ask`', () => {
    async function asked(answers: readonly string[]) {
      const { app, fake } = web();
      let failures = 2;
      fake.onCommand(({ command }) => (command === 'b' && (failures -= 1) >= 0 ? { code: 1 } : undefined));
      const questions: string[] = [];
      const left = [...answers];
      const result = await build(app, {
        onError: 'ask',
        ask: (question) => {
          questions.push(question);
          return Promise.resolve(left.shift() ?? 'c');
        },
      });
      return { ...result, fake, questions };
    }

    test('is used to try the step again, as often as it is wanted', async () => {
      const { report, questions, fake, events } = await asked(['r', 'retry']);
      expect(report.ok).toBe(true);
      expect(questions).toHaveLength(2);
      expect(questions[0]).toContain('[r]etry the step, [k]eep the machine, or [c]lean up?');
      expect(fake.commands.map(({ command }) => command)).toEqual(['a', 'b', 'b', 'b']);
      expect(events.filter(({ type }) => type === 'question' || type === 'answered')).toHaveLength(4);
    });

    test('is left on `k`', async () => {
      const { report, fake } = await asked(['k']);
      expect(report.left).toMatchObject([{ why: 'kept' }]);
      expect(fake.machines).toHaveLength(1);
    });

    test('is deleted on `c`, and on anything else', async () => {
      for (const answer of ['c', '', 'what?']) {
        const { report, fake } = await asked([answer]);
        expect(report).toMatchObject({ status: 'failed', left: [] });
        expect(fake.machines).toEqual([]);
      }
    });

    test('is deleted at once where nobody can answer', async () => {
      const { app, fake } = web();
      breakB(fake);
      const { report } = await build(app, { onError: 'ask' });
      expect(report).toMatchObject({ status: 'failed', left: [] });
      expect(fake.machines).toEqual([]);
    });

    test('is deleted when the run is cancelled while the question stands', async () => {
      const { app, fake } = web();
      breakB(fake);
      const cancel = new AbortController();
      const { report } = await build(app, {
        onError: 'ask',
        signal: cancel.signal,
        ask: (_question, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason as Error));
            cancel.abort(new GoldsmithError('CANCELLED', 'interrupted'));
          }),
      });
      expect(report.status).toBe('cancelled');
      expect(fake.machines).toEqual([]);
    });
  });
});

test('--debug asks before each step, one node at a time', async () => {
  const { app, fake, image } = web();
  new fake.Source(image, 'Second', { size: 2 });
  const questions: string[] = [];
  await build(app, {
    debug: true,
    ask: (question) => {
      questions.push(question);
      return Promise.resolve('');
    },
  });
  const steps = ['launch', 'connect', 'Step0', 'Step1', 'capture'];
  const of = (id: string): string[] =>
    steps.map((step) => `next: ${step.startsWith('S') ? 'Web' : id}/${step}. Press Enter to go on. `);
  expect(questions).toEqual([...of('Web/Fake'), ...of('Web/Second')]);
});

describe('a cancelled run', () => {
  const verbs: readonly FakeVerb[] = [
    'load',
    'lookup',
    'preflight',
    'launch',
    'connect',
    'exec',
    'checkpoint',
    'capture',
  ];

  test.each(verbs)('ends in whatever it was, and cleans up: %s', async (verb) => {
    const { app, fake, image } = web();
    new Check(image, 'Check', 'works');
    new Pack(image, 'Pack', 'web.pack');
    const { reached } = fake.hang(verb);
    const cancel = new AbortController();
    const run = build(app, { signal: cancel.signal });
    await reached;
    cancel.abort(new GoldsmithError('CANCELLED', 'interrupted'));
    const { report, states } = await run;
    expect(report).toMatchObject({ status: 'cancelled', ok: false, left: [] });
    expect(new Set(Object.values(states))).toEqual(new Set(['cancelled']));
    expect([...fake.machines, ...fake.images]).toEqual([]);
    expect((await build(app)).report.ok).toBe(true);
  });

  test('does not interrupt a creation that has begun: its answer is waited for, and it is deleted', async () => {
    const { app, fake } = web();
    const hold = fake.hold('launch', { phase: 'created' });
    const cancel = new AbortController();
    const run = build(app, { signal: cancel.signal });
    await hold.reached;
    cancel.abort(new GoldsmithError('CANCELLED', 'interrupted'));
    expect(fake.machines).toHaveLength(1);
    hold.release();
    expect((await run).report).toMatchObject({ status: 'cancelled', left: [] });
    expect(fake.machines).toEqual([]);
  });

  test('gives up cleaning when it is cancelled twice, and says what is left', async () => {
    const { app, fake } = web();
    const { reached } = fake.hang('exec');
    const [cancel, give] = [new AbortController(), new AbortController()];
    const run = build(app, { signal: cancel.signal, cleanupSignal: give.signal });
    await reached;
    const deleting = fake.hang('destroy');
    cancel.abort(new GoldsmithError('CANCELLED', 'interrupted'));
    await deleting.reached;
    give.abort(new GoldsmithError('CANCELLED', 'interrupted twice'));
    const { report } = await run;
    expect(report.left).toMatchObject([{ kind: 'fake:machine', why: 'leaked' }]);
    // It is in the journal still, and the next run deletes it.
    expect((await build(app)).report.ok).toBe(true);
    expect(fake.machines).toEqual([]);
  });

  test('before it begins does nothing', async () => {
    const { app, fake } = web();
    const { report } = await build(app, { signal: AbortSignal.abort(new GoldsmithError('CANCELLED', 'never mind')) });
    expect(report.status).toBe('cancelled');
    expect(fake.calls).toEqual([]);
  });

  test('in a pause or between tries ends at once', async () => {
    for (const props of [{ pauseBefore: '1h' }, { maxRetries: 1, retryDelay: '1h' }]) {
      const { app, fake, image } = web([]);
      new Step(image, 'Step', { run: 'b', ...props });
      breakB(fake);
      const clock = virtualClock();
      const cancel = new AbortController();
      const run = build(app, { signal: cancel.signal, clock });
      while (clock.sleeping.length === 0) await new Promise((resolve) => setImmediate(resolve));
      cancel.abort(new GoldsmithError('CANCELLED', 'interrupted'));
      expect((await run).report.status).toBe('cancelled');
      expect(clock.sleeping).toEqual([]);
      expect(fake.machines).toEqual([]);
    }
  });
});

describe('what cannot be deleted', () => {
  test('is in the report, fails the run, and is deleted by the next one, also of the same process', async () => {
    const { app, fake } = web();
    fake.leak();
    const first = await build(app);
    expect(first.states).toEqual({ 'Web/Fake': 'succeeded' });
    expect(first.report).toMatchObject({
      ok: false,
      left: [{ why: 'leaked', detail: expect.stringContaining('refuses to delete') }],
    });
    expect(fake.machines).toHaveLength(1);
    fake.heal();
    expect((await build(app)).report.ok).toBe(true);
    expect(fake.machines).toEqual([]);
  });
});

describe('two runs at once in one project', () => {
  test('build the same once: the second waits and takes it from the cache', async () => {
    const { app, fake } = web();
    const hold = fake.hold('capture');
    const clock = virtualClock();
    const first = build(app, { clock });
    await hold.reached;
    const second = build(app, { clock });
    expect(await clock.next()).toBeLessThanOrEqual(250);
    expect(fake.count('launch')).toBe(1);
    hold.release();
    expect((await first).states).toEqual({ 'Web/Fake': 'succeeded' });
    const waited = await clock.drive(second);
    expect(waited.states).toEqual({ 'Web/Fake': 'cached' });
    expect(waited.messages.join()).toMatch(/waits for another run \(process \d+\) that builds the same/);
    expect(fake.count('launch')).toBe(1);
  });

  test('build different things side by side, and neither takes the other’s for a dead run’s', async () => {
    const { app, fake, image } = web();
    new fake.Source(image, 'Other', { size: 2 });
    const hold = fake.hold('exec');
    const first = build(app, { select: ['Web/Fake'] });
    await hold.reached;
    expect((await build(app, { select: ['Web/Other'] })).report.ok).toBe(true);
    expect(fake.machines).toHaveLength(1);
    expect(await recover({ projectDir: app.baseDir, extensions: fake.extensions })).toMatchObject({ runs: [] });
    hold.release();
    expect((await first).report.ok).toBe(true);
  });

  test('cannot be recovered while they go on', async () => {
    const { app, fake } = web();
    const hold = fake.hold('exec');
    const first = build(app);
    await hold.reached;
    const [run] = await RunFolder.all(STATES(app));
    const error = await failureOf(recover({ projectDir: app.baseDir, runs: [run!.id] }));
    expect(error).toMatchObject({ code: 'RUN_BUSY' });
    hold.release();
    await first;
  });
});

describe('a run', () => {
  test('leaves no lock, no temporary file and no open run behind', async () => {
    const { app, fake } = web();
    await build(app);
    breakB(fake);
    new Step(app.node.findChild('Web') as Image, 'More', 'b');
    await build(app);
    const files = Object.keys(filesBelow(STATES(app)));
    expect(files.filter((file) => /locks\/|\.tmp|owner\.json|kept\.json/.test(file))).toEqual([]);
  });

  test('that cannot start leaves no open run behind either', async () => {
    const { app } = web();
    await failureOf(app.build({ openJournal: () => Promise.reject(new GoldsmithError('NO_SPACE', 'full')) }));
    await failureOf(
      app.build({
        openJournal: () =>
          Promise.resolve({
            append: () => Promise.reject(new GoldsmithError('NO_SPACE', 'full')),
            close: () => Promise.resolve(),
          }),
      }),
    );
    for (const run of await RunFolder.all(STATES(app))) expect(await run.state()).not.toBe('alive');
  });

  test('keeps the folders of the last thirty', async () => {
    const { app } = web([]);
    for (let index = 0; index < 33; index += 1) await build(app);
    expect(fs.readdirSync(path.join(STATES(app), 'runs'))).toHaveLength(30);
  });

  test('whose listener throws goes on, cleans up, and throws that in the end', async () => {
    const { app, fake } = web();
    const run = app.build({
      onEvent: ({ type }) => {
        if (type === 'step-started') throw new Error('the listener is wrong');
      },
    });
    await expect(run).rejects.toThrow('the listener is wrong');
    expect(fake.machines).toEqual([]);
    expect(fake.images).toHaveLength(1);
  });

  test('of an unknown id cannot be recovered, and those there are are named', async () => {
    const { app } = web();
    const { report } = await build(app);
    const error = await failureOf(recover({ projectDir: app.baseDir, runs: ['nope'] }));
    expect(error).toMatchObject({ code: 'NOT_FOUND', hint: expect.stringContaining(report.run) });
  });
});
